import type { RunMark } from './engine.ts'

const longest = 64

/** A comment that opens the statement: servers cut long texts at the end, and this is what a DBA looks for. */
export function markComment(mark: RunMark): string {
  return `/* aishell actor=${plain(mark.actor)} entry=${plain(mark.entryId)} */ `
}

/** Comments nest in PostgreSQL: neither of their signs may come through, nor quotes, nor anything that is not plain. */
function plain(text: string): string {
  return text.replace(/[^\p{L}\p{N}._@+-]/gu, '_').slice(0, longest)
}
