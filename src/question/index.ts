// Takes an actor and a question; gives the events of its answer, in order, the last one always `answer-end`.
// pipeline.ts alone knows the order of the stages: find target, ask, guard, run, present, record around them.
// Touches what its stages touch, through their doors.
// Refuses to know a surface.
export { answer } from './pipeline.ts'
export { createApprovalDesk, type ApprovalDesk, type ApprovalQuery } from './approval-desk.ts'
export { cells, csv, ndjson, safeCsv, watchedCells, type Delivery, type PipelineEvent, type RowsChunk } from './delivery.ts'
export type { DeskRooms, QuestionRooms } from './rooms.ts'
export type { Answer, Attend, Attended } from './attend.ts'
