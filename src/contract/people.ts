export * from './member.ts'
export * from './person.ts'
export * from './role.ts'
export * from './session.ts'
