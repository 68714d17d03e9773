import { describe, expect, test } from 'vitest'
import { tenantNamedBy, tenantUrl } from './addresses.ts'

const addresses = { publicUrl: 'https://aishell.Example.org:8443', tenantHostSuffix: 'Example.org' }

describe('what a host name says of a tenant', () => {
  test.each<[string, string, string | null]>([
    ['the label before the suffix', 'acme.example.org', 'acme'],
    ['in any letter case', 'ACME.EXAMPLE.ORG', 'acme'],
    ['also where no tenant can be called so', 'a.b.example.org', 'a.b'],
    ['nothing at the installation’s own host', 'aishell.example.org', null],
    ['nothing at the suffix itself', 'example.org', null],
    ['nothing at a host that merely ends like it', 'acme.notexample.org', null],
  ])('%s', (_what, host, named) => {
    expect(tenantNamedBy(host, addresses)).toBe(named)
  })

  test('nothing where hosts tell nothing', () => {
    expect(tenantNamedBy('acme.example.org', { ...addresses, tenantHostSuffix: null })).toBeNull()
  })
})

describe('the address of a tenant’s pages', () => {
  test('has scheme and port of the installation’s own', () => {
    expect(tenantUrl('acme', addresses)).toBe('https://acme.example.org:8443')
  })

  test.each(['', 'a.b', 'evil.test/', 'evil.test#', 'a@b', '-a', 'A'])('is none for %j, which is no label', (name) => {
    expect(tenantUrl(name, addresses)).toBeNull()
  })

  test('is none without an own address or a suffix', () => {
    expect(tenantUrl('acme', { ...addresses, publicUrl: null })).toBeNull()
    expect(tenantUrl('acme', { ...addresses, tenantHostSuffix: null })).toBeNull()
  })
})
