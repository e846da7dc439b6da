using Microsoft.Extensions.Hosting;

namespace Crescent.Server;

/// <summary>The server ends when its owner says so: it leaves the process's signals alone.</summary>
internal sealed class OwnersLifetime : IHostLifetime
{
    public Task WaitForStartAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;
}
