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
            Remove(response.Reply.Id);
            _byId[response.Reply.Id] = _byUse.AddFirst(response);
            _bytes += response.Size;
            while (_byUse.Count > mostResponses || _bytes > mostBytes)
            {
                Remove(_byUse.Last!.Value.Reply.Id);
            }
        }
    }

    public StoredResponse? Find(string id)
    {
        lock (_gate)
        {
            if (!_byId.TryGetValue(id, out var node))
            {
                return null;
            }

            _byUse.Remove(node);
            _byUse.AddFirst(node);
            return node.Value;
        }
    }

    /// <summary>Whether it was there.</summary>
    public bool Remove(string id)
    {
        lock (_gate)
        {
            if (!_byId.Remove(id, out var node))
            {
                return false;
            }

            _byUse.Remove(node);
            _bytes -= node.Value.Size;
            return true;
        }
    }
}
