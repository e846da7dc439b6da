namespace Crescent.Cli.Hub;

/// <summary>Waits for a server, but never for long without anything coming; and says what a failure of the network means.</summary>
internal sealed class StallGuard : IDisposable
{
    private readonly CancellationTokenSource _source;
    private readonly CancellationTokenRegistration _registration;
    private readonly CancellationToken _outer;
    private readonly TimeSpan _limit;

    public StallGuard(HubSettings settings, CancellationToken outer)
    {
        (_limit, _outer) = (settings.StallTimeout, outer);
        _source = new CancellationTokenSource(_limit, settings.Time);
        _registration = outer.Register(_source.Cancel);
    }

    /// <exception cref="TransferException">The connection failed, or nothing came for too long.</exception>
    /// <exception cref="CommandFailedException">The server is not who it should be.</exception>
    public async Task<T> WaitAsync<T>(Func<CancellationToken, Task<T>> action)
    {
        try
        {
            _source.CancelAfter(_limit);
            return await action(_source.Token);
        }
        catch (Exception exception) when (exception is OperationCanceledException or HttpRequestException or IOException)
        {
            _outer.ThrowIfCancellationRequested();
            throw Explain(exception);
        }
    }

    public void Dispose()
    {
        _registration.Dispose();
        _source.Dispose();
    }

    private Exception Explain(Exception exception) => exception switch
    {
        HttpRequestException { HttpRequestError: HttpRequestError.SecureConnectionError } =>
            new CommandFailedException($"no secure connection: {CommandLine.FirstLine(exception.InnerException?.Message ?? exception.Message)}"),
        OperationCanceledException when _source.IsCancellationRequested => new TransferException($"the server sent nothing for {_limit.TotalSeconds:F0} s", exception),
        _ => new TransferException(CommandLine.FirstLine(exception.Message), exception),
    };
}
