// A disk of its own for PostgreSQL, that can be filled: an ext4 image in the instance's folder, mounted over its cluster.
// Needs root and a mount namespace of our own (chaos.mjs makes one), so that the mount ends with us, however that is.
import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, mkdirSync, readdirSync, renameSync, rmdirSync, rmSync, statfsSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';

const SIZE = 16 * 2 ** 30; // sparse: what is not written takes no room
const LEAST = 4096;        // a block

const run = (program, ...args) => execFileSync(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });

export class SmallDisk {
  // What is in the folder moves onto the disk. Nobody may use it meanwhile.
  constructor(folder) {
    Object.assign(this, { folder, image: `${folder}.img`, ballast: [] });
    const { uid, gid, mode } = statSync(folder);
    const aside = `${folder}.aside`;
    writeFileSync(this.image, '');
    truncateSync(this.image, SIZE);
    run('mkfs.ext4', '-q', '-F', '-m', '0', this.image);
    renameSync(folder, aside);
    mkdirSync(folder);
    run('mount', '-o', 'loop', this.image, folder);
    rmdirSync(path.join(folder, 'lost+found'));
    chownSync(folder, uid, gid);
    chmodSync(folder, mode & 0o777);
    for (const name of readdirSync(aside)) run('cp', '-a', path.join(aside, name), folder);
    rmSync(aside, { recursive: true });
  }

  room() {
    const { bavail, bsize } = statfsSync(this.folder);
    return bavail * bsize;
  }

  // To the last block; takes no time, because nothing is written.
  fill() {
    for (let bytes = this.room(); bytes >= LEAST; bytes = Math.min(this.room(), bytes / 2)) {
      const file = path.join(this.folder, `ballast${this.ballast.length}`);
      this.ballast.push(file);
      try {
        run('fallocate', '-l', String(Math.floor(bytes)), file);
      } catch {
        // the file system itself needs some of it: the next is half as large
      }
    }
  }

  free() {
    for (const file of this.ballast) rmSync(file, { force: true });
    this.ballast = [];
  }

  unmount() {
    this.free();
    run('umount', '-l', this.folder);
  }
}
