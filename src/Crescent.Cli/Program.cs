using Crescent.Cli;

var terminal = Terminal.ForProcess();
using var interrupts = new Interrupts(terminal.Error);
return await CommandLine.RunAsync(args, terminal, interrupts.Token);
