import type { RunMark } from './engine.ts'

/** The comment a DBA sees before a statement in the server's activity view; nothing in it can end the comment. */
export function runComment(mark: RunMark): string {
  const clean = (text: string): string => text.replaceAll(/[^\p{L}\p{N} @._-]/gu, '').slice(0, 60)
  return `/* aishell entry=${clean(mark.entryId)} actor=${clean(mark.actor)} */ `
}
