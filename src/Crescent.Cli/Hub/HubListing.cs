using System.Text.Json;

namespace Crescent.Cli.Hub;

/// <summary>A file as the hub lists it. Its path is the server's word: it is checked before a file is made of it.</summary>
internal sealed record HubFile(string Path, long Size, Digest Digest);

/// <summary>A revision of a model: the commit that it is now, and its files.</summary>
internal sealed record HubListing(string Commit, IReadOnlyList<HubFile> Files)
{
    private const int MostBytes = 64 << 20;
    private const int MostFiles = 200_000;
    private const long LargestFile = 1L << 50;

    /// <exception cref="CommandFailedException">There is no such model or revision, it is not for this user, or the answer is no listing.</exception>
    public static async Task<HubListing> FetchAsync(HubClient client, HubId id, string revision, Action<string> log, CancellationToken cancellation)
    {
        var backoff = new Backoff(client.Settings, log);
        while (true)
        {
            try
            {
                return Parse(await ReadAsync(client, id, revision, cancellation), id.Name);
            }
            catch (TransferException failure)
            {
                await backoff.WaitAsync(id.Name, failure, cancellation);
            }
        }
    }

    /// <exception cref="CommandFailedException">It is no listing.</exception>
    public static HubListing Parse(ReadOnlyMemory<byte> json, string name)
    {
        try
        {
            using var document = JsonDocument.Parse(json);
            var commit = document.RootElement.GetProperty("sha").GetString();
            if (commit is null || commit.Length is < 40 or > 64 || !commit.All(char.IsAsciiHexDigit))
            {
                throw new CommandFailedException($"{name}: the listing: expected a commit's id, found '{SafePath.Printable(commit ?? "null")}'");
            }

            var siblings = document.RootElement.GetProperty("siblings");
            return siblings.GetArrayLength() <= MostFiles
                ? new HubListing(commit, [.. siblings.EnumerateArray().Select(sibling => ParseFile(sibling, name))])
                : throw new CommandFailedException($"{name}: the listing: expected at most {MostFiles} files, found {siblings.GetArrayLength()}");
        }
        catch (Exception exception) when (exception is JsonException or KeyNotFoundException or InvalidOperationException or FormatException)
        {
            throw new CommandFailedException($"{name}: expected a hub's listing of the model, found something else: {CommandLine.FirstLine(exception.Message)}");
        }
    }

    private static async Task<ReadOnlyMemory<byte>> ReadAsync(HubClient client, HubId id, string revision, CancellationToken cancellation)
    {
        using var guard = new StallGuard(client.Settings, cancellation);
        using var response = await client.GetAsync(client.ListingUrl(id, revision), guard);
        if (!response.IsSuccessStatusCode)
        {
            throw HubFailure.Of(response, id, revision, client.Settings);
        }

        using var json = new MemoryStream();
        await using var body = await response.Content.ReadAsStreamAsync(cancellation);
        var buffer = new byte[1 << 16];
        while (await guard.WaitAsync(token => body.ReadAsync(buffer, token).AsTask()) is > 0 and var count)
        {
            if (json.Length + count > MostBytes)
            {
                throw new CommandFailedException($"{id.Name}: expected a listing of at most {Sizes.Format(MostBytes)}, found more");
            }

            json.Write(buffer, 0, count);
        }

        return json.GetBuffer().AsMemory(0, (int)json.Length);
    }

    private static HubFile ParseFile(JsonElement sibling, string name)
    {
        var path = sibling.GetProperty("rfilename").GetString() ?? throw new FormatException("a file without a name");
        var large = sibling.TryGetProperty("lfs", out var lfs) && lfs.ValueKind == JsonValueKind.Object;
        var sized = large && lfs.TryGetProperty("size", out _) ? lfs : sibling;
        if (!sized.TryGetProperty("size", out var element) || !element.TryGetInt64(out var size) || size is < 0 or > LargestFile)
        {
            throw new CommandFailedException($"{name}: {SafePath.Printable(path)}: expected a size of 0..{LargestFile} bytes in the listing, found another");
        }

        var digest = large && lfs.TryGetProperty("sha256", out var sha256) ? Digest.TryCreate(DigestKind.Sha256, sha256.GetString())
            : !large && sibling.TryGetProperty("blobId", out var blob) ? Digest.TryCreate(DigestKind.GitBlob, blob.GetString())
            : null;
        return !large || digest is not null
            ? new HubFile(path, size, digest ?? Digest.None)
            : throw new CommandFailedException($"{name}: {SafePath.Printable(path)}: expected its sha256 in the listing, found none");
    }
}
