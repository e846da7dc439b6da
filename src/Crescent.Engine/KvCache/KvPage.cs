using Crescent.Kernels.Memory;

namespace Crescent.Engine.KvCache;

/// <summary>
/// One page of cached keys and values. Owned by its <see cref="PagePool"/>; sequences hold references. A full page whose tokens are known is
/// published for reuse and never written again.
/// </summary>
public sealed class KvPage
{
    internal KvPage(long bytes, long id)
    {
        Buffer = new AlignedBuffer<byte>(bytes);
        Bytes = Buffer.Bytes;
        Id = id;
    }

    /// <summary>The page's memory, valid while the page is referenced or pooled.</summary>
    public ByteRegion Bytes { get; }

    internal AlignedBuffer<byte> Buffer { get; }

    /// <summary>Identity of the content: a new one each time the page is taken for new content.</summary>
    internal long Id { get; set; }

    internal int References { get; set; }

    /// <summary>Whether all its tokens were computed as a prompt's: generated ones may take another form of attention, whose bits differ in the layers above.</summary>
    internal bool IsPrompt { get; set; }

    /// <summary>Set while the page is published.</summary>
    internal PrefixKey? Key { get; set; }

    /// <summary>Place in the list of unreferenced pages, oldest first.</summary>
    internal LinkedListNode<KvPage>? IdleNode { get; set; }

    /// <summary>The state of a sequence that ends with this page, where the model has one and it was kept; only while the page is published.</summary>
    internal AlignedBuffer<float>? State { get; set; }

    /// <summary>Place in the list of pages with a state, least recently used first.</summary>
    internal LinkedListNode<KvPage>? StateNode { get; set; }
}
