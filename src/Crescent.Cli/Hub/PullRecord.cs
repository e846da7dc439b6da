namespace Crescent.Cli.Hub;

/// <summary>The model's description while it is pulled. Each verified file is added at once, so that an interrupted pull need not verify it again.</summary>
internal sealed class PullRecord(string folder, StoredModel model)
{
    private readonly Lock _lock = new();
    private StoredModel _model = model;
    private bool _written;

    /// <summary>Whether a file is there as it is listed. One that the description does not vouch for is hashed.</summary>
    public bool Has(HubFile file, CancellationToken cancellation)
    {
        var path = SafePath.Combine(folder, file.Path);
        if (!File.Exists(path) || new FileInfo(path).Length != file.Size)
        {
            return false;
        }

        if (_model.Files.Any(other => other.Path == file.Path && other.Digest == file.Digest.ToString() && (file.Digest != Digest.None || other.Commit == _model.Commit)))
        {
            return true;
        }

        if (file.Digest == Digest.None || file.Digest.OfFile(path, cancellation) != file.Digest)
        {
            return false;
        }

        Add(file);
        return true;
    }

    public void Add(HubFile file) => Change(model => model.With(Stored(file)));

    /// <summary>The file is about to be replaced.</summary>
    public void Forget(HubFile file)
    {
        lock (_lock)
        {
            // The first one also takes back that the model is complete.
            if (!_written || _model.Files.Any(other => other.Path == file.Path))
            {
                Change(model => model.Without(file.Path));
            }
        }
    }

    /// <summary>All that was asked for is there.</summary>
    public void Complete() => Change(model => model with
    {
        Complete = true,
        Files = [.. model.Files.Where(file => File.Exists(SafePath.Combine(folder, file.Path))).OrderBy(file => file.Path, StringComparer.Ordinal)],
    });

    private StoredFile Stored(HubFile file) => new(file.Path, file.Size, file.Digest.ToString(), _model.Commit);

    private void Change(Func<StoredModel, StoredModel> change)
    {
        lock (_lock)
        {
            _model = change(_model);
            _model.Write(folder);
            _written = true;
        }
    }
}
