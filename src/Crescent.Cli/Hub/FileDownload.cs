namespace Crescent.Cli.Hub;

/// <summary>How a request for bytes of a file ended.</summary>
internal enum RangeOutcome
{
    Done,

    /// <summary>The server has other content now: what was fetched before is of no use.</summary>
    Changed,

    /// <summary>The server sends only whole files.</summary>
    NoRanges,
}

/// <summary>Downloads one file in ranges over several connections, verifies it and puts it in its place; or picks up where an earlier run stopped.</summary>
internal sealed class FileDownload(RangeRequest request, HubFile content, string target, SemaphoreSlim connections, HubSettings settings, PullProgress progress)
{
    private const int Tries = 2; // fetched once more where the digest is wrong

    /// <exception cref="CommandFailedException">The server does not give the file as it lists it.</exception>
    public async Task RunAsync(CancellationToken cancellation)
    {
        for (var tries = 1; ; tries++)
        {
            using var part = new PartFile(target, content);
            await FetchAsync(part, cancellation);
            var digest = part.FinishHash(cancellation);
            if (digest == content.Digest)
            {
                part.Complete();
                return;
            }

            progress.Lost(content.Size);
            part.Delete();
            var failure = $"{content.Path}: expected {content.Digest} of the downloaded bytes, found {digest}";
            if (tries == Tries)
            {
                throw new CommandFailedException($"{failure}, {Tries} times in a row; the file was deleted");
            }

            progress.Log($"{failure}; fetching it once more");
        }
    }

    private async Task FetchAsync(PartFile part, CancellationToken cancellation)
    {
        var step = settings.RangeBytes;
        for (var restarts = 0; ; restarts++)
        {
            var outcome = await FetchMissingAsync(part, step, cancellation);
            if (outcome == RangeOutcome.Done)
            {
                return;
            }

            var reason = outcome == RangeOutcome.Changed ? "the file changed on the server" : "the server sends whole files only";
            if (restarts == settings.Attempts)
            {
                throw new CommandFailedException($"{content.Path}: {reason}, and the download had to begin anew {restarts} times");
            }

            progress.Log($"{content.Path}: {reason}; beginning anew");
            progress.Lost(part.FinishedBytes);
            part.Restart();
            step = outcome == RangeOutcome.NoRanges ? long.MaxValue : step;
        }
    }

    private async Task<RangeOutcome> FetchMissingAsync(PartFile part, long step, CancellationToken cancellation)
    {
        var outcome = RangeOutcome.Done;
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(cancellation);
        var options = new ParallelOptions { MaxDegreeOfParallelism = settings.Connections, CancellationToken = stop.Token };
        try
        {
            await Parallel.ForEachAsync(part.Missing(step), options, async (range, token) =>
            {
                await connections.WaitAsync(token);
                try
                {
                    if (await request.FetchAsync(part, range, token) is not RangeOutcome.Done and var other)
                    {
                        outcome = other;
                        await stop.CancelAsync();
                    }
                }
                finally
                {
                    connections.Release();
                }

                part.HashAhead(token);
            });
        }
        catch (OperationCanceledException) when (outcome != RangeOutcome.Done && !cancellation.IsCancellationRequested)
        {
            // Stopped by the loop itself.
        }

        return outcome;
    }
}
