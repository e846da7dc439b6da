namespace Crescent.Server.Responses;

/// <summary>Keeps the answers that were used last, within limits, while the server runs.</summary>
internal sealed class ResponseStore(int mostResponses = ResponseStore.StandardResponses, long mostBytes = ResponseStore.StandardBytes)
{
    public const int StandardResponses = 1024;
    public const long StandardBytes = 64 << 20;

    private readonly Lock _gate = new();
    private readonly Dictionary<string, LinkedListNode<StoredResponse>> _byId = [];
    private readonly LinkedList<StoredResponse> _byUse = []; // last used first
    private long _bytes;

    public void Add(StoredResponse response)
    {
        lock (_gate)
        {
            _byId[response.Reply.Id] = _byUse.AddFirst(response);
            _bytes += response.Size;
            while (_byUse.Count > mostResponses || _bytes > mostBytes)
            {
                Remove(_byUse.Last!);
            }
        }
    }

    /// <param name="owner">Whoever asks: only its own are found.</param>
    public StoredResponse? Find(string id, int owner)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var node) || node.Value.Owner != owner)
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value;
        }
    }

    /// <summary>Whether it was there.</summary>
    /// <inheritdoc cref="Find"/>
    public bool Remove(string id, int owner)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var node) || node.Value.Owner != owner)
            {
                return false;
            }

            Remove(node);
            return true;
        }
    }

    private void Remove(LinkedListNode<StoredResponse> node)
    {
        _byId.Remove(node.Value.Reply.Id);
        _byUse.Remove(node);
        _bytes -= node.Value.Size;
    }
}
