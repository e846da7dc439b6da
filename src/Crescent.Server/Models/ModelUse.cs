namespace Crescent.Server.Models;

/// <summary>A loaded model in the hands of a request: it stays loaded until this is disposed of.</summary>
public sealed class ModelUse : IDisposable
{
    private Action? _release;

    internal ModelUse(ServedModel model, Action release) => (Model, _release) = (model, release);

    public ServedModel Model { get; }

    public void Dispose() => Interlocked.Exchange(ref _release, null)?.Invoke();
}
