import { readFileSync } from 'node:fs'
import type { ChildProcess } from 'node:child_process'

/** How far a sandbox can get between two looks: at a few GB/s some hundred megabytes. */
const lookEveryMs = 50
const pageBytes = 4096

/** Where no shell can set a limit that the kernel keeps, the server looks at the sandbox's memory itself and ends it. Linux. */
export function watchMemory(child: ChildProcess, maxBytes: number): void {
  const timer = setInterval(() => {
    if (residentBytes(child.pid) > maxBytes) child.kill('SIGKILL')
  }, lookEveryMs)
  timer.unref()
  child.once('exit', () => clearInterval(timer))
}

/** 0 for a process that is gone, and where there is no /proc. */
function residentBytes(pid: number | undefined): number {
  try {
    return Number(readFileSync(`/proc/${pid}/statm`, 'utf8').split(' ')[1]) * pageBytes
  } catch {
    return 0
  }
}
