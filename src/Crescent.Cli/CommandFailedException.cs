namespace Crescent.Cli;

/// <summary>A command cannot do what was asked: one line for the user, and the exit code.</summary>
internal sealed class CommandFailedException(string message, int exitCode = CommandFailedException.Failed) : Exception(message)
{
    public const int Failed = 1;
    public const int WrongUsage = 2;

    public int ExitCode { get; } = exitCode;
}
