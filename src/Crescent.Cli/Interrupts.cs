namespace Crescent.Cli;

/// <summary>Ctrl-C: once asks the command to finish cleanly, twice ends the process at once.</summary>
internal sealed class Interrupts : IDisposable
{
    public const int ExitCode = 130;

    private readonly CancellationTokenSource _source = new();
    private readonly TextWriter _error;

    public Interrupts(TextWriter error)
    {
        _error = error;
        Console.CancelKeyPress += OnCancel;
    }

    public CancellationToken Token => _source.Token;

    public void Dispose()
    {
        Console.CancelKeyPress -= OnCancel;
        _source.Dispose();
    }

    private void OnCancel(object? sender, ConsoleCancelEventArgs arguments)
    {
        if (_source.IsCancellationRequested)
        {
            Environment.Exit(ExitCode);
        }

        arguments.Cancel = true;
        _error.WriteLine();
        _source.Cancel();
    }
}
