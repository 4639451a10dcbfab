// In place of the agent: says so and ends.
console.log('{"msg":"this agent is broken"}');
process.exitCode = 7;
