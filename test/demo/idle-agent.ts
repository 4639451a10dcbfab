// In place of the agent: does nothing at all.
console.log('{"msg":"this agent does nothing"}');
setInterval(() => {}, 60_000);
