// Takes requests; gives questions and credentials to the rooms, and bytes of their events back.
// Event stream, JSON, CSV and NDJSON are the same answer; errors are problem documents by one table (status.ts).
// Touches the pipeline, the platform's doors and the contract.
// Refuses SQL, the store and engines.
export { createHttpServer, type HttpOptions, type HttpServer, type ListenOptions } from './http-server.ts'
export { permissionTable, renderPermissions, type Permission } from './permission-table.ts'
export { renderOpenApi } from './render-openapi.ts'
export type { HttpRooms, McpDoor, McpReply, McpRequest, ReadinessCheck } from './rooms.ts'
export { RunningAnswers, type CancelElsewhere } from './running-answers.ts'
export { openWaitingServer, type WaitingServer } from './waiting-server.ts'
export type { PersonOffice } from './person-office.ts'
export type { TenantOffice } from './tenant-office.ts'
