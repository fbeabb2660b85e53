// What the peers share: the data as the runner wrote it, the loops that measure, and the lines that go back to the runner.

import fs from 'node:fs';
import path from 'node:path';
import { performance } from 'node:perf_hooks';

/** The runner's files: numbers as flat little-endian arrays, texts one a line, and task.json with the sizes. A thread of many takes few of the embeddings. */
export function readData(directory, embeddingCount = Infinity) {
  const task = JSON.parse(fs.readFileSync(path.join(directory, 'task.json'), 'utf8'));
  const bytes = (name, sizeMax = Infinity) => {
    const file = path.join(directory, name);
    const buffer = new ArrayBuffer(Math.min(sizeMax, fs.statSync(file).size));
    const handle = fs.openSync(file);
    for (let at = 0; at < buffer.byteLength;) at += fs.readSync(handle, new Uint8Array(buffer), at, Math.min(buffer.byteLength - at, 1 << 26), at);
    fs.closeSync(handle);
    return buffer;
  };
  const floats = new Float32Array(bytes('embeddings.f32', embeddingCount * task.dimensions * 4));
  const held = floats.length / task.dimensions;
  const queries = new Float32Array(bytes('queries.f32'));
  const row = (array, i) => array.subarray(i * task.dimensions, (i + 1) * task.dimensions);
  return {
    task,
    embeddings: floats,
    embedding: key => row(floats, (key - 1) % held),
    query: number => row(queries, number % task.queries),
    content: fs.readFileSync(path.join(directory, 'content.txt'), 'utf8').split('\n'),
    occurred: new BigInt64Array(bytes('occurred.i64')),
    confidence: new Float32Array(bytes('confidence.f32')),
    fact: {
      occurred: new BigInt64Array(bytes('fact-occurred.i64')),
      confidence: new Float32Array(bytes('fact-confidence.f32')),
      topic: new Int32Array(bytes('fact-topic.i32')),
      weight: new BigInt64Array(bytes('fact-weight.i64')),
    },
  };
}

export const blob = floats => Buffer.from(floats.buffer, floats.byteOffset, floats.byteLength);

/** One line for the runner. */
export const say = message => fs.writeSync(1, JSON.stringify(message) + '\n');

/** The answers and the figure of one task. The runner looks at the figure only when the answers are right. */
export const report = (task, answer, value, more = {}) => say({ task, answer, value, more });

export const note = text => say({ note: text });

const percentile = (sorted, rank) => sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(rank * sorted.length) - 1))];

/** Repeats for so many seconds, after a third of them as warm-up; the median and the 99th percentile in microseconds. */
export async function repeat(seconds, work) {
  let number = 0;
  const times = [];
  for (const end = performance.now() + seconds * 1000 / 3; performance.now() < end;) {
    const pending = work(number++);
    if (pending instanceof Promise) await pending;
  }

  for (const end = performance.now() + seconds * 1000; performance.now() < end || times.length === 0;) {
    const before = performance.now();
    const pending = work(number++);
    if (pending instanceof Promise) await pending;
    times.push((performance.now() - before) * 1000);
  }

  times.sort((a, b) => a - b);
  return { p50: percentile(times, 0.5), p99: percentile(times, 0.99) };
}

export async function seconds(work) {
  const before = performance.now();
  await work();
  return (performance.now() - before) / 1000;
}

/** The answers to the queries that are checked: keys, nearest first. */
export async function answers(count, work) {
  const found = [];
  for (let number = 0; number < count; number++) {
    found.push((await work(number)).map(Number));
  }

  return found;
}

/** The bytes of all files whose names begin so. */
export function sizeOf(prefix) {
  const directory = path.dirname(prefix);
  return fs.readdirSync(directory).filter(f => f.startsWith(path.basename(prefix))).reduce((sum, f) => sum + fs.statSync(path.join(directory, f)).size, 0);
}

/** The same spread of keys for every subject. */
export const pointKey = (number, rows) => 1 + (number * 7919) % rows;
