// SPDX-License-Identifier: Apache-2.0
// npm urllib: one client; it is told the login with each request.
import { load, PASSWORD, play, USER } from './steps.mjs';

const { HttpClient } = await load('urllib');
const client = new HttpClient();

await play(async (method, url, body) => {
    const options = { method, content: body, digestAuth: `${USER}:${PASSWORD}`, timeout: 20000 };
    return (await client.request(url, options)).status;
});
