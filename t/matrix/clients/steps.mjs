// SPDX-License-Identifier: Apache-2.0
// The steps of a session, for the npm programs: SITE USER PASSWORD STEP...
import { createRequire } from 'node:module';
import { pathToFileURL } from 'node:url';
import { setTimeout } from 'node:timers/promises';

export const [SITE, USER, PASSWORD, ...STEPS] = process.argv.slice(2);

// A package of the folder that the runner has installed.
const installed = createRequire(process.env.NPM_FOLDER + '/');
export const load = (name) => import(pathToFileURL(installed.resolve(name)));

// fetch(method, url, body) resolves to the status.
export async function play(fetch) {
    let bad = 0;
    const tried = async (...request) => {
        try { return await fetch(...request); } catch (error) { return error; }
    };
    for (const step of STEPS) {
        const [word, ...rest] = step.split(' ');
        const urls = rest.map((target) => SITE + target);
        let statuses = [];
        if (word === 'SLEEP') await setTimeout(1000 * rest[0]);
        else if (word === 'ALL') statuses = await Promise.all(urls.map((url) => tried('GET', url)));
        else statuses = [await tried(word, urls[0], word === 'POST' ? 'a'.repeat(rest[1]) : undefined)];
        for (const status of statuses.filter((status) => status !== 200)) {
            bad = 1;
            console.error(step, String(status));
        }
    }
    process.exit(bad);
}
