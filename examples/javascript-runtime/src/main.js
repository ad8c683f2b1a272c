#!/usr/bin/env node
// A runtime provider for gestaltd in plain JavaScript, on grpc-js and the .proto files as they are: it runs each plugin
// as a process of this machine. Ids such as PLUG-6 in comments are those of the host's contract.
import { serve } from "./serve.js";

process.exit(await serve());
