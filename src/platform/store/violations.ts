/** true: the server refused a row because another one has its unique key already (SQLSTATE 23505). */
export function isUniqueViolation(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === '23505'
}
