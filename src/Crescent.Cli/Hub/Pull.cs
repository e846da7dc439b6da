namespace Crescent.Cli.Hub;

/// <summary>What a pull brought.</summary>
internal sealed record PullResult(HubId Id, string Revision, string Commit, string Folder, IReadOnlyList<HubFile> Files, long FetchedBytes);

/// <summary>Brings a model from a hub into the store: lists, chooses, fetches what is not there, verifies, and says so in the store.</summary>
internal sealed class Pull(HubClient client, ModelStore store, Terminal terminal)
{
    private const long SpareBytes = 64L << 20; // of the drive, beyond the files themselves
    private const int LargeFilesAtOnce = 2; // so that the end of one overlaps with the next; in order otherwise

    private readonly HubSettings _settings = client.Settings;

    /// <exception cref="CommandFailedException">The model is not there, not for this user, does not fit, or does not arrive as it is listed.</exception>
    public async Task<PullResult> RunAsync(HubId id, string revision, IReadOnlyList<string> include, CancellationToken cancellation)
    {
        var listing = await HubListing.FetchAsync(client, id, revision, terminal.Note, cancellation);
        var files = FileSelection.Choose(id, listing.Files, include);
        using var held = await ModelLock.TakeAsync(
            store, id, _settings.Time, owner => terminal.Note($"waiting for {owner}, which is pulling {id.Name}"), cancellation);
        var folder = store.FolderOf(id);
        var record = new PullRecord(folder, new StoredModel(id.Name, revision, listing.Commit, _settings.Time.GetUtcNow(), Complete: false, StoredModel.TryRead(folder)?.Files ?? []));
        var missing = files.Where(file => !record.Has(file, cancellation)).ToArray();
        var fetched = missing.Length > 0 ? await FetchAsync(id, revision, listing.Commit, folder, missing, record, cancellation) : 0;
        record.Complete();
        return new PullResult(id, revision, listing.Commit, folder, files, fetched);
    }

    private async Task<long> FetchAsync(HubId id, string revision, string commit, string folder, HubFile[] files, PullRecord record, CancellationToken cancellation)
    {
        var total = files.Sum(file => PartFile.UnfinishedBytesOf(SafePath.Combine(folder, file.Path), file));
        CheckSpace(id, folder, files.Sum(file => PartFile.NeededBytesOf(SafePath.Combine(folder, file.Path), file)));
        using var connections = new SemaphoreSlim(_settings.Connections);
        using var line = new ProgressLine(terminal, $"pulling {id.Name}");
        var progress = new PullProgress(total, line, terminal.Detail);
        await EachAsync(files.Where(file => file.Size <= _settings.RangeBytes), _settings.Connections);
        await EachAsync(files.Where(file => file.Size > _settings.RangeBytes), LargeFilesAtOnce);
        return progress.ReceivedBytes;

        Task EachAsync(IEnumerable<HubFile> some, int atOnce) => Parallel.ForEachAsync(
            some,
            new ParallelOptions { MaxDegreeOfParallelism = atOnce, CancellationToken = cancellation },
            async (file, token) =>
            {
                record.Forget(file);
                var request = new RangeRequest(client, id, revision, client.FileUrl(id, commit, file.Path), file, progress);
                await new FileDownload(request, file, SafePath.Combine(folder, file.Path), connections, _settings, progress).RunAsync(token);
                record.Add(file);
            });
    }

    private void CheckSpace(HubId id, string folder, long bytes)
    {
        Directory.CreateDirectory(folder);
        var free = _settings.FreeBytes(folder);
        if (bytes + SpareBytes > free)
        {
            throw new CommandFailedException(
                $"{id.Name}: expected {Sizes.Format(bytes + SpareBytes)} free for it at {folder}, found {Sizes.Format(free)}; CRESCENT_HOME names another place");
        }
    }
}
