// DuckDB through its Node API. Writers are connections of one process; its log is synced with each commit.

import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import { ARRAY, BIGINT, DuckDBDataChunk, DuckDBInstance, FLOAT, INTEGER, TIMESTAMP, VARCHAR, arrayValue, timestampValue, version } from '@duckdb/node-api';
import { answers, note, pointKey, readData, repeat, report, say, seconds, sizeOf } from './common.mjs';

const chunkRows = 2048;
const rowsOf = async (prepared) => (await prepared.runAndReadAll()).getRows();
const cells = async (connection, sql) => (await connection.runAndReadAll(sql)).getRows().flat().join(' ');
const createEpisodes = dimensions => `CREATE TABLE episode (id BIGINT PRIMARY KEY, content VARCHAR NOT NULL, occurred_at TIMESTAMP NOT NULL, confidence FLOAT NOT NULL, embedding FLOAT[${dimensions}] NOT NULL)`;

/** Appends whole chunks: numbers go in as flat arrays, which is the fastest way that the interface has. */
async function append(connection, table, types, rows, columns, rowsPerCommit = rows) {
  const appender = await connection.createAppender(table);
  const step = Math.min(chunkRows, rowsPerCommit);
  for (let from = 0; from < rows; from += step) {
    const count = Math.min(step, rows - from);
    const chunk = DuckDBDataChunk.create(types, count);
    columns.forEach((column, c) => column(chunk, c, from, count));
    appender.appendDataChunk(chunk);
    if (rowsPerCommit < rows) appender.flushSync();
  }

  appender.flushSync();
  appender.closeSync();
}

const numbers = array => (chunk, c, from, count) => { const v = chunk.getColumnVector(c); v.items.set(array.subarray(from, from + count)); v.flush(); };
const texts = valueOf => (chunk, c, from, count) => chunk.setColumnValues(c, Array.from({ length: count }, (_, i) => valueOf(from + i)));
const keys = (chunk, c, from, count) => numbers(BigInt64Array.from({ length: count }, (_, i) => BigInt(from + i + 1)))(chunk, c, 0, count);
const embeddings = data => (chunk, c, from, count) => {
  const v = chunk.getColumnVector(c);
  v.childData.items.set(data.embeddings.subarray(from * data.task.dimensions, (from + count) * data.task.dimensions));
  v.childData.flush();
  v.flush();
};

async function loadEpisodes(connection, data, rows, rowsPerCommit) {
  await append(connection, 'episode', [BIGINT, VARCHAR, TIMESTAMP, FLOAT, ARRAY(FLOAT, data.task.dimensions)], rows,
    [keys, texts(i => data.content[i]), numbers(data.occurred), numbers(data.confidence), embeddings(data)], rowsPerCommit);
}

async function prepareInsert(connection, data) {
  const insert = await connection.prepare('INSERT INTO episode VALUES (?, ?, ?, ?, ?)');
  const type = ARRAY(FLOAT, data.task.dimensions);
  const arrays = Array.from({ length: Math.min(256, data.task.rows) }, (_, i) => arrayValue(Array.from(data.embedding(i + 1))));
  return async key => {
    const i = (key - 1) % data.task.rows;
    insert.bindBigInt(1, BigInt(key));
    insert.bindVarchar(2, data.content[i]);
    insert.bindTimestamp(3, timestampValue(data.occurred[i]));
    insert.bindFloat(4, data.confidence[i]);
    insert.bindArray(5, arrays[key % arrays.length], type);
    await insert.run();
  };
}

async function commits(data, directory) {
  for (const writers of data.task.writers) {
    const path = `${directory}/commits-${writers}.duckdb`;
    const instance = await DuckDBInstance.create(path);
    const first = await instance.connect();
    await first.run(createEpisodes(data.task.dimensions));
    const inserts = [];
    const connections = [];
    for (let i = 0; i < writers; i++) {
      connections.push(await instance.connect());
      inserts.push(await prepareInsert(connections[i], data));
    }

    let phase = 0;
    let next = 0;
    let measured = 0;
    const all = Promise.all(inserts.map(async insert => { while (phase < 2) { await insert(++next); if (phase === 1) measured++; } }));
    await new Promise(r => setTimeout(r, 300));
    phase = 1;
    const took = await seconds(() => new Promise(r => setTimeout(r, data.task.seconds * 1000)));
    const count = measured;
    phase = 2;
    await all;
    report(`commits-${writers}`, Number(await cells(first, 'SELECT count(*) FROM episode')) === next ? 'kept' : 'lost', count / took);
    connections.forEach(c => c.closeSync());
    first.closeSync();
    instance.closeSync();
    for (const suffix of ['', '.wal']) fs.rmSync(path + suffix, { force: true });
  }
}

async function facts(data, directory) {
  const { fact, task } = data;
  const path = `${directory}/facts.duckdb`;
  const instance = await DuckDBInstance.create(path);
  const connection = await instance.connect();
  await connection.run('CREATE TABLE fact (id BIGINT PRIMARY KEY, occurred_at TIMESTAMP NOT NULL, confidence FLOAT NOT NULL, topic INTEGER NOT NULL, weight BIGINT NOT NULL)');
  const loaded = await seconds(() => append(connection, 'fact', [BIGINT, TIMESTAMP, FLOAT, INTEGER, BIGINT], task.facts,
    [keys, numbers(fact.occurred), numbers(fact.confidence), numbers(fact.topic), numbers(fact.weight)]));
  report('load-narrow', await cells(connection, 'SELECT count(*) FROM fact'), task.facts / loaded);
  await connection.run('CHECKPOINT');
  const questions = [
    ['filter', 'SELECT count(*) FROM fact WHERE confidence > 0.7::FLOAT'],
    ['range', `SELECT count(*), sum(weight) FROM fact WHERE occurred_at >= make_timestamp(${task.since}) AND occurred_at < make_timestamp(${task.until}) AND confidence >= 0.5::FLOAT`],
    ['aggregate', 'SELECT topic, count(*), sum(weight), min(weight), max(weight) FROM fact GROUP BY topic ORDER BY topic'],
    ['heaviest', 'SELECT id, weight FROM fact ORDER BY weight DESC, id LIMIT 10'],
  ];
  for (const [name, sql] of questions) {
    const prepared = await connection.prepare(sql);
    const answer = (await rowsOf(prepared)).flat().join(' ');
    const times = await repeat(task.seconds, () => rowsOf(prepared));
    report(name, answer, times.p50, { p99: times.p99 });
  }

  connection.closeSync();
  instance.closeSync();
  report('size-narrow', null, sizeOf(path) / 1e6);
}

async function recovery(data, directory) {
  const path = `${directory}/recovery.duckdb`;
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'write-log', data.task.directory, path], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (child.signal !== 'SIGKILL') throw new Error(`the writer of the log ended by itself: ${child.status}`);
  const logMiB = fs.statSync(path + '.wal').size / 1048576;
  let count;
  let instance;
  let connection;
  const took = await seconds(async () => { instance = await DuckDBInstance.create(path); connection = await instance.connect(); count = await cells(connection, 'SELECT count(*), sum(id) FROM episode'); });
  report('recovery', count, took * 1000, { logMiB });
  connection.closeSync();
  instance.closeSync();
}

export async function run(data, directory) {
  const { task } = data;
  say({ subject: `DuckDB ${version().replace('v', '')}` });
  note('DuckDB runs on all cores, as it does by default; its extension for vector indexes is downloaded when it is installed, so only its exact searches are measured.');
  const path = `${directory}/episodes.duckdb`;
  let instance = await DuckDBInstance.create(path);
  let connection = await instance.connect();
  await connection.run(createEpisodes(task.dimensions));
  const loaded = await seconds(() => loadEpisodes(connection, data, task.rows));
  report('load', await cells(connection, 'SELECT count(*) FROM episode'), task.rows / loaded);
  await connection.run('CHECKPOINT');
  const point = await connection.prepare('SELECT content, confidence FROM episode WHERE id = ?');
  const read = async number => { point.bindBigInt(1, BigInt(pointKey(number, task.rows))); return (await rowsOf(point))[0][0]; };
  const found = [];
  for (let n = 0; n < task.checked; n++) found.push(await read(n));
  const times = await repeat(task.seconds, read);
  report('point', found.join('\n'), times.p50, { p99: times.p99 });

  const type = ARRAY(FLOAT, task.dimensions);
  const queries = Array.from({ length: task.queries }, (_, i) => arrayValue(Array.from(data.query(i))));
  for (const [name, where] of [['exact', ''], ['exact-filtered', `WHERE confidence > ${task.confidenceAbove}::FLOAT `]]) {
    const nearest = await connection.prepare(`SELECT id FROM episode ${where}ORDER BY array_cosine_distance(embedding, ?::FLOAT[${task.dimensions}]) LIMIT ${task.k}`);
    const search = async number => { nearest.bindArray(1, queries[number % task.queries], type); return (await rowsOf(nearest)).flat(); };
    const keysFound = await answers(task.checked, search);
    const took = await repeat(task.seconds, search);
    report(name, keysFound, took.p50, { p99: took.p99 });
  }

  connection.closeSync();
  instance.closeSync();
  report('size', null, sizeOf(path) / 1e6);
  const openings = [];
  let first;
  for (let i = 0; i < 10; i++) {
    openings.push(await seconds(async () => { instance = await DuckDBInstance.create(path); connection = await instance.connect(); first = await cells(connection, 'SELECT content FROM episode WHERE id = 1'); }));
    connection.closeSync();
    instance.closeSync();
  }

  report('open', first, Math.min(...openings.slice(1)) * 1000);
  await facts(data, directory);
  await recovery(data, directory);
  await commits(data, directory);
}

if (process.argv[2] === 'write-log') {
  const data = readData(process.argv[3]);
  const instance = await DuckDBInstance.create(process.argv[4], { checkpoint_threshold: '100GB' });
  const connection = await instance.connect();
  await connection.run(createEpisodes(data.task.dimensions));
  await loadEpisodes(connection, data, data.task.recoveryRows, 500);
  process.kill(process.pid, 'SIGKILL');
}
