// Wall clocks that are wrong, each process's by its own amount, and change while it runs (wall_shift.c, which is preloaded).
import { openSync, writeFileSync, writeSync } from 'node:fs';
import path from 'node:path';
import { build } from './parley.mjs';

const ROW_BYTES = 32, NAME_BYTES = 24, ROWS_COUNT = 64; // as in wall_shift.c
export const ALL_OTHERS = '*';

export class WallClocks {
  // names: of programs ("parley-session"), and ALL_OTHERS; all are right until set says otherwise.
  constructor(file, names) {
    this.names = names;
    const rows = Buffer.alloc(ROWS_COUNT * ROW_BYTES);
    names.forEach((name, i) => rows.write(name, i * ROW_BYTES, NAME_BYTES - 1));
    writeFileSync(file, rows);
    this.descriptor = openSync(file, 'r+');
    this.env = { LD_PRELOAD: path.join(build, 'tests/wall_shift.so'), PARLEY_WALL_SHIFTS: file };
  }

  set(name, seconds) {
    const room = Buffer.alloc(8);
    room.writeBigInt64LE(BigInt(seconds));
    writeSync(this.descriptor, room, 0, 8, this.names.indexOf(name) * ROW_BYTES + NAME_BYTES);
  }

  setAll(seconds) {
    for (const name of this.names) this.set(name, seconds);
  }
}
