// Short codes without the world. An entry of its own: the curve behind them takes as long to load as half of the rest.

export { type Code, drawCode, meetingName, parseCode, type ParsedCode } from './code.ts';
export { type KeepTerms, meetingOf, type MeetOptions } from './meeting.ts';
