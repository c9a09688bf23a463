// Makes the native package one that does not install here, for the process and all its threads: --import this file.
import { registerHooks } from 'node:module';

registerHooks({
  resolve(name, context, next) {
    if (name.startsWith('@napi-rs/')) throw new Error(`${name} is left out`);
    return next(name, context);
  },
});
