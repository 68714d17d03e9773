import { run } from '../../test/support/mariadb-server.ts'

export type Address = Parameters<typeof run>[0]

/** A word that cannot name a table is one the grammar keeps for itself, whatever the manual says. */
export async function reservedOf(address: Address): Promise<string[]> {
  const words = (await column(address, 'SELECT WORD FROM information_schema.KEYWORDS ORDER BY WORD')).filter((word) => /^\w+$/.test(word))
  const reserved: string[] = []
  for (const word of words) if (await isReserved(address, word)) reserved.push(word)
  return reserved
}

/** The first column of what a server answers, in upper case. */
export async function column(address: Address, sql: string): Promise<string[]> {
  return (await run(address, sql)).map((row) => String(Object.values(row)[0]).toUpperCase())
}

async function isReserved(address: Address, word: string): Promise<boolean> {
  return await run(address, `SELECT 1 FROM (SELECT 1 AS one) AS ${word}`).then(
    () => false,
    () => true,
  )
}

/** Words as lines of a template string. */
export function wrap(words: readonly string[]): string {
  const lines: string[] = []
  for (const word of words) {
    const last = lines.at(-1)
    if (last === undefined || last.length + word.length > 130) lines.push(word)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n    ')
}
