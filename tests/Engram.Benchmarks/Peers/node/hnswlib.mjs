// hnswlib through hnswlib-node: a graph in memory, built by one thread, with no table beside it. A filter is a function that is called for each candidate.

import fs from 'node:fs';
import hnswlib from 'hnswlib-node';
import { answers, note, repeat, report, say, seconds } from './common.mjs';

export async function run(data, directory) {
  const { task } = data;
  say({ subject: 'hnswlib 0.8 (hnswlib-node 3.0)' });
  note('hnswlib holds a graph in memory and keeps no rows: it has figures for searches only. It takes vectors as arrays of JavaScript, made before the time is taken.');
  const points = Array.from({ length: task.rows }, (_, i) => Array.from(data.embedding(i + 1)));
  const queries = Array.from({ length: task.queries }, (_, i) => Array.from(data.query(i)));
  const index = new hnswlib.HierarchicalNSW('cosine', task.dimensions);
  index.initIndex({ maxElements: task.rows, m: task.m, efConstruction: task.efConstruction, randomSeed: 1 });
  const built = await seconds(() => points.forEach((point, i) => index.addPoint(point, i + 1)));
  report('build', String(index.getCurrentCount()), built);

  const isWanted = label => data.confidence[label - 1] > task.confidenceAbove;
  for (const [name, filter] of [['approximate', undefined], ['approximate-filtered', isWanted]]) {
    for (const ef of task.ef) {
      index.setEf(ef);
      const search = number => index.searchKnn(queries[number % task.queries], task.k, filter).neighbors;
      const found = await answers(task.queries, search);
      const times = await repeat(task.seconds / 2, search);
      report(name, found, times.p50, { p99: times.p99, ef });
    }
  }

  const path = `${directory}/index.hnsw`;
  index.writeIndexSync(path);
  note(`hnswlib: its file has ${(fs.statSync(path).size / 1e6).toFixed(1)} MB.`);

  const brute = new hnswlib.BruteforceSearch('cosine', task.dimensions);
  brute.initIndex(task.rows);
  points.forEach((point, i) => brute.addPoint(point, i + 1));
  for (const [name, filter] of [['exact', undefined], ['exact-filtered', isWanted]]) {
    const search = number => brute.searchKnn(queries[number % task.queries], task.k, filter).neighbors;
    const found = await answers(task.checked, search);
    const times = await repeat(task.seconds, search);
    report(name, found, times.p50, { p99: times.p99 });
  }
}
