// One of several writers: a thread with a connection of its own, a commit for each row.

import { workerData } from 'node:worker_threads';
import { readData } from './common.mjs';
import { open, prepareInsert } from './sqlite.mjs';

const { directory, path, shared } = workerData;
const database = open(path);
const insert = prepareInsert(database, readData(directory, 1024));
Atomics.add(shared, 3, 1);
while (Atomics.load(shared, 0) < 2) {
  if (Atomics.load(shared, 0) === 1) {
    insert(Atomics.add(shared, 1, 1) + 1);
    Atomics.add(shared, 2, 1);
  }
}

database.close();
