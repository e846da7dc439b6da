using Crescent.Engine.Checkpoints.Gguf;

namespace Crescent.Tests.Models;

/// <summary>Copies of a model with some weights changed in place.</summary>
internal static class PatchedModel
{
    /// <summary>Writes a copy to <paramref name="path"/> after <paramref name="change"/> was applied to one tensor's bytes.</summary>
    public static void Write(string name, string tensor, string path, Action<Span<byte>> change)
    {
        var source = TestModels.PathOf(name);
        var bytes = File.ReadAllBytes(source);
        using (var checkpoint = GgufCheckpoint.Open(source))
        {
            var found = checkpoint.Tensors[tensor];
            change(bytes.AsSpan((int)found.Offset, (int)found.Bytes.Length));
        }

        File.WriteAllBytes(path, bytes);
    }
}
