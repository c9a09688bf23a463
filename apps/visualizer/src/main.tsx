// Opens the page.

import { render } from 'preact';
import { LiveSource } from './live/live-source.ts';
import { takeStreamAddress } from './live/stream-address.ts';
import { App } from './view/app.tsx';

const address = takeStreamAddress();
const source = address === undefined ? undefined : new LiveSource(new EventSource(address));
render(<App source={source} />, document.getElementById('app')!);
