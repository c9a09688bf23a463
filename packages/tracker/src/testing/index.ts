// The conformance suite of TrackerStore, for whoever writes another body of it.

export * from './store-suite.ts';
