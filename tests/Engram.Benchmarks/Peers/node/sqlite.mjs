// SQLite through better-sqlite3, which calls it on the caller's thread, with the extension sqlite-vec. Commits are durable: a write-ahead log, synced with each.

import { Worker } from 'node:worker_threads';
import { spawnSync } from 'node:child_process';
import fs from 'node:fs';
import { fileURLToPath } from 'node:url';
import Database from 'better-sqlite3';
import * as sqliteVec from 'sqlite-vec';
import { answers, blob, note, pointKey, readData, repeat, report, say, seconds, sizeOf } from './common.mjs';

const createEpisodes = 'CREATE TABLE episode (id INTEGER PRIMARY KEY, content TEXT NOT NULL, occurred_at INTEGER NOT NULL, confidence REAL NOT NULL, embedding BLOB NOT NULL)';

export function open(path) {
  const database = new Database(path, { timeout: 60_000 });
  database.pragma('journal_mode = WAL');
  database.pragma('synchronous = FULL');
  database.pragma('cache_size = -262144');
  return database;
}

export function prepareInsert(database, data) {
  const insert = database.prepare('INSERT INTO episode VALUES (?, ?, ?, ?, ?)');
  const count = data.task.rows;
  return key => {
    const i = (key - 1) % count;
    insert.run(key, data.content[i], data.occurred[i], data.confidence[i], blob(data.embedding(i + 1)));
  };
}

function loadEpisodes(database, data, rows = data.task.rows, perTransaction = rows) {
  database.exec(createEpisodes);
  const insert = prepareInsert(database, data);
  for (let key = 1; key <= rows;) {
    database.exec('BEGIN IMMEDIATE');
    for (const end = Math.min(rows, key + perTransaction - 1); key <= end; key++) insert(key);
    database.exec('COMMIT');
  }
}

async function commits(data, directory) {
  for (const writers of data.task.writers) {
    const path = `${directory}/commits-${writers}.sqlite`;
    const first = open(path);
    first.exec(createEpisodes);
    const shared = new Int32Array(new SharedArrayBuffer(16)); // phase, next key, commits measured, workers that are ready
    const workers = Array.from({ length: writers }, () => new Worker(new URL('./sqlite-writer.mjs', import.meta.url), { workerData: { directory: data.task.directory, path, shared } }));
    const ended = Promise.all(workers.map(w => new Promise((resolve, reject) => w.on('error', reject).on('exit', resolve))));
    while (Atomics.load(shared, 3) < writers) await new Promise(r => setTimeout(r, 10));
    Atomics.store(shared, 0, 1);
    await new Promise(r => setTimeout(r, 300));
    Atomics.store(shared, 2, 0);
    const took = await seconds(() => new Promise(r => setTimeout(r, data.task.seconds * 1000)));
    const measured = Atomics.load(shared, 2);
    Atomics.store(shared, 0, 2);
    await ended;
    report(`commits-${writers}`, Number(first.prepare('SELECT count(*) FROM episode').pluck().get()) === Atomics.load(shared, 1) ? 'kept' : 'lost', measured / took);
    first.close();
    for (const suffix of ['', '-wal', '-shm']) fs.rmSync(path + suffix, { force: true });
  }
}

async function facts(data, directory) {
  const database = open(`${directory}/facts.sqlite`);
  const { fact, task } = data;
  database.exec('CREATE TABLE fact (id INTEGER PRIMARY KEY, occurred_at INTEGER NOT NULL, confidence REAL NOT NULL, topic INTEGER NOT NULL, weight INTEGER NOT NULL)');
  const insert = database.prepare('INSERT INTO fact VALUES (?, ?, ?, ?, ?)');
  const load = database.transaction(() => { for (let i = 0; i < task.facts; i++) insert.run(i + 1, fact.occurred[i], fact.confidence[i], fact.topic[i], fact.weight[i]); });
  const loaded = await seconds(load);
  report('load-narrow', String(database.prepare('SELECT count(*) FROM fact').pluck().get()), task.facts / loaded);
  database.pragma('wal_checkpoint(TRUNCATE)');
  const questions = [
    ['filter', 'SELECT count(*) FROM fact WHERE confidence > ?', [Math.fround(0.7)]],
    ['range', 'SELECT count(*), sum(weight) FROM fact WHERE occurred_at >= ? AND occurred_at < ? AND confidence >= ?', [BigInt(task.since), BigInt(task.until), 0.5]],
    ['aggregate', 'SELECT topic, count(*), sum(weight), min(weight), max(weight) FROM fact GROUP BY topic ORDER BY topic', []],
    ['heaviest', 'SELECT id, weight FROM fact ORDER BY weight DESC, id LIMIT 10', []],
  ];
  for (const [name, sql, parameters] of questions) {
    const statement = database.prepare(sql).raw();
    const answer = statement.all(...parameters).flat().join(' ');
    const times = await repeat(task.seconds, () => statement.all(...parameters));
    report(name, answer, times.p50, { p99: times.p99 });
  }

  database.close();
  report('size-narrow', null, sizeOf(`${directory}/facts.sqlite`) / 1e6);
}

async function vectors(data, database) {
  const { task } = data;
  database.exec(`CREATE VIRTUAL TABLE near USING vec0(id INTEGER PRIMARY KEY, embedding float[${task.dimensions}] distance_metric=cosine, confidence FLOAT)`);
  const insert = database.prepare('INSERT INTO near(id, embedding, confidence) VALUES (?, ?, ?)');
  const built = await seconds(database.transaction(() => {
    for (let key = 1; key <= task.rows; key++) insert.run(BigInt(key), blob(data.embedding(key)), data.confidence[key - 1]);
  }));
  note(`sqlite-vec: the virtual table was loaded in ${built.toFixed(1)} s, beside the table with the same embeddings as blobs. Of a search in the virtual table and ORDER BY vec_distance_cosine over the blobs the faster is given.`);
  for (const [name, where] of [['exact', ''], ['exact-filtered', task.confidenceAbove]]) {
    const virtual = database.prepare(`SELECT id FROM near WHERE embedding MATCH ? AND k = ${task.k}${where === '' ? '' : ' AND confidence > ?'} ORDER BY distance`).pluck();
    const plain = database.prepare(`SELECT id FROM episode ${where === '' ? '' : 'WHERE confidence > ? '}ORDER BY vec_distance_cosine(embedding, ?) LIMIT ${task.k}`).pluck();
    const ways = [
      number => virtual.all(...[blob(data.query(number)), ...(where === '' ? [] : [where])]),
      number => plain.all(...(where === '' ? [blob(data.query(number))] : [where, blob(data.query(number))])),
    ];
    for (const way of ways) {
      const found = await answers(task.checked, way);
      const times = await repeat(task.seconds, way);
      report(name, found, times.p50, { p99: times.p99 });
    }
  }
}

async function recovery(data, directory) {
  const path = `${directory}/recovery.sqlite`;
  const child = spawnSync(process.execPath, [fileURLToPath(import.meta.url), 'write-log', data.task.directory, path], { stdio: ['ignore', 'inherit', 'inherit'] });
  if (child.signal !== 'SIGKILL') throw new Error(`the writer of the log ended by itself: ${child.status}`);
  const logMiB = fs.statSync(path + '-wal').size / 1048576;
  let count;
  let database;
  const took = await seconds(() => { database = open(path); count = database.prepare('SELECT count(*), sum(id) FROM episode').raw().get().join(' '); });
  report('recovery', count, took * 1000, { logMiB });
  database.close();
}

export async function run(data, directory) {
  const probe = new Database(':memory:');
  sqliteVec.load(probe);
  const [sqlite, vec] = probe.prepare('SELECT sqlite_version(), vec_version()').raw().get();
  probe.close();
  say({ subject: `SQLite ${sqlite} + sqlite-vec ${vec.replace('v', '')}` });

  const path = `${directory}/episodes.sqlite`;
  let database = open(path);
  const loaded = await seconds(() => loadEpisodes(database, data));
  report('load', String(database.prepare('SELECT count(*) FROM episode').pluck().get()), data.task.rows / loaded);
  database.pragma('wal_checkpoint(TRUNCATE)');
  const point = database.prepare('SELECT content, confidence FROM episode WHERE id = ?').raw();
  const answer = Array.from({ length: data.task.checked }, (_, n) => point.get(pointKey(n, data.task.rows))[0]).join('\n');
  const times = await repeat(data.task.seconds, n => point.get(pointKey(n, data.task.rows)));
  report('point', answer, times.p50, { p99: times.p99 });
  database.close();
  report('size', null, sizeOf(path) / 1e6);
  const openings = [];
  let first;
  for (let i = 0; i < 10; i++) {
    openings.push(await seconds(() => { database = open(path); first = database.prepare('SELECT content FROM episode WHERE id = 1').pluck().get(); }));
    if (i < 9) database.close();
  }

  report('open', first, Math.min(...openings.slice(1)) * 1000);
  sqliteVec.load(database);
  await vectors(data, database);
  database.close();
  await facts(data, directory);
  await recovery(data, directory);
  await commits(data, directory);
}

if (process.argv[2] === 'write-log') {
  const data = readData(process.argv[3]);
  const database = open(process.argv[4]);
  database.pragma('wal_autocheckpoint = 0');
  loadEpisodes(database, data, data.task.recoveryRows, 500);
  process.kill(process.pid, 'SIGKILL');
}
