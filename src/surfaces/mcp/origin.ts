/**
 * Programs send no Origin; browsers always do on a POST. A page that had its name rebound to this server's address
 * (DNS rebinding) still says where it came from, so only listed origins pass.
 */
export function isAllowedOrigin(origin: string | string[] | undefined, allowed: readonly string[]): boolean {
  if (origin === undefined) return true
  return typeof origin === 'string' && allowed.includes(origin)
}
