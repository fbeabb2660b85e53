// Runs one peer over the runner's data and tells what it found, a JSON object a line: {"subject"}, {"task","answer","value","more"}, {"note"}.
//
//   node peers.mjs sqlite DATA-DIRECTORY SCRATCH-DIRECTORY

import { readData } from './common.mjs';

const [peer, data, scratch] = process.argv.slice(2);
const { run } = await import(`./${peer}.mjs`);
await run(readData(data), scratch);
