/** What a token or a member may do; a permission is a verb on a connection. */
export const verbs = [
  'ask',
  'browse-catalog',
  'read-history',
  'manage-tokens',
  'manage-connections',
  'manage-policies',
  'read-audit',
  'manage-members',
] as const
export type Verb = (typeof verbs)[number]

/** A part in a tenant, weakest first. Not a database user. */
export const roles = ['reader', 'editor', 'admin'] as const
export type Role = (typeof roles)[number]

const readerVerbs: readonly Verb[] = ['ask', 'browse-catalog', 'read-history', 'manage-tokens']
const editorVerbs: readonly Verb[] = [...readerVerbs, 'manage-connections', 'manage-policies']

/** The verbs of each role: readers ask, editors also keep connections, admins do everything. */
export const roleVerbs: Readonly<Record<Role, readonly Verb[]>> = {
  reader: readerVerbs,
  editor: editorVerbs,
  admin: verbs,
}
