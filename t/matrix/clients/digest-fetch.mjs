// SPDX-License-Identifier: Apache-2.0
// npm digest-fetch: one client.
import { load, PASSWORD, play, USER } from './steps.mjs';

const { default: DigestClient } = await load('digest-fetch');
const client = new DigestClient(USER, PASSWORD);

await play(async (method, url, body) => {
    const answer = await client.fetch(url, { method, body });
    await answer.text();
    return answer.status;
});
