// Facts about a process from /proc, and what else fault tests need of the machine.
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { ROOT, tempDir } from './server.js';

/** Resident memory in bytes. */
export function residentBytes(pid: number): number {
  const found = /VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'));
  return Number(found?.[1] ?? 0) * 1024;
}

/** CPU time used so far in ms. */
export function cpuMs(pid: number): number {
  const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return (Number(fields[11]) + Number(fields[12])) * 10;
}

export function openFiles(pid: number): number {
  return readdirSync(`/proc/${pid}/fd`).length;
}

/** Compiles faults/failsync.c; the path of the library. */
export function buildFailsync(): string {
  const lib = join(tempDir(), 'failsync.so');
  const source = join(ROOT, 'tests', 'faults', 'failsync.c');
  execFileSync('cc', ['-shared', '-fPIC', '-O1', '-o', lib, source, '-ldl']);
  return lib;
}

/** Mounts a tmpfs of this size; undefined if we may not. The caller unmounts. */
export function mountTmpfs(megabytes: number): string | undefined {
  const dir = tempDir();
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', `size=${megabytes}m`, 'tmpfs', dir], { stdio: 'pipe' });
    return dir;
  } catch {
    return undefined;
  }
}
export function unmount(dir: string): void {
  execFileSync('umount', ['-l', dir], { stdio: 'pipe' });
}
