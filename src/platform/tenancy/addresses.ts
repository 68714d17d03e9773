/** Where an installation is reached. */
export interface Addresses {
  /** `https://aishell.example.org`; null: whatever host people name, over plain http. */
  readonly publicUrl: string | null
  /** `example.org`: the pages of the tenant `acme` are at `acme.example.org`; null: host names tell nothing. */
  readonly tenantHostSuffix: string | null
}

/**
 * What a host name (without a port) says of a tenant; null: nothing. The installation's own host says nothing, though it may
 * lie under the suffix. What it says need be no tenant's name.
 */
export function tenantNamedBy(hostname: string, { publicUrl, tenantHostSuffix }: Addresses): string | null {
  const host = hostname.toLowerCase()
  if (tenantHostSuffix === null || host === URL.parse(publicUrl ?? '')?.hostname) return null
  const suffix = `.${tenantHostSuffix.toLowerCase()}`
  return host.endsWith(suffix) ? host.slice(0, -suffix.length) : null
}

/** The address of a tenant's own pages, made of the settings and of no header; null: its name is no label of a host, or hosts tell nothing. */
export function tenantUrl(name: string, { publicUrl, tenantHostSuffix }: Addresses): string | null {
  const own = URL.parse(publicUrl ?? '')
  if (own === null || tenantHostSuffix === null || !/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/.test(name)) return null
  return `${own.protocol}//${name}.${tenantHostSuffix.toLowerCase()}${own.port === '' ? '' : `:${own.port}`}`
}
