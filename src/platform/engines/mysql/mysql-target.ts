import type { EngineTarget } from '../engine.ts'

export type MysqlTarget = Extract<EngineTarget, { engine: 'mysql' | 'mariadb' }>
