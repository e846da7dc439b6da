using System.Globalization;
using System.Runtime.InteropServices;
using Crescent.Engine.Checkpoints.GrokPickle;
using Crescent.Engine.Synthesis.Tokenizers;
using Crescent.Kernels;

namespace Crescent.Engine.Synthesis.Published;

/// <summary>Writes Grok-1 as xAI released it: pickles without names in <c>ckpt-0</c>, in the order of their names' strings, and the tokenizer beside it.</summary>
internal static class GrokRelease
{
    private const string Checkpoint = "ckpt-0";
    private const int InputGroups = 8; // of the matrices that lead back to the hidden state: the release was cut in 8 there

    public static SynthResult Write(
        SynthRequest request, string path, Func<string, long> freeBytes, IProgress<SynthProgress>? progress, CancellationToken cancellationToken)
    {
        GrokPickle[] pickles = [.. Pickles(request, cancellationToken)];
        var folder = Path.Combine(path, Checkpoint);
        // The vocabulary's file alone: nothing else is in the release.
        var files = TokenizerFiles.Of(request.Vocabulary).Where(file => file.Name == TokenizerFiles.PieceModel).ToArray();
        var total = pickles.Sum(pickle => pickle.Bytes);
        var relay = SynthRequest.Relay(progress, total);
        return ModelFolder.Write(request, path, files, total, freeBytes, () =>
        {
            var partial = folder + ".partial";
            Directory.CreateDirectory(partial);
            var before = 0L;
            for (var i = 0; i < pickles.Length; i++)
            {
                pickles[i].Write(Path.Combine(partial, Name(i)), relay is null ? null : new Offset(relay, before), cancellationToken);
                before += pickles[i].Bytes;
            }

            Directory.Move(partial, folder);
            return [.. Enumerable.Range(0, pickles.Length).Select(i => Path.Combine(folder, Name(i)))];
        });
    }

    private static string Name(int number) => string.Create(CultureInfo.InvariantCulture, $"tensor{number:D5}_000");

    /// <summary>The files in their order.</summary>
    public static IEnumerable<GrokPickle> Pickles(SynthRequest request, CancellationToken cancellationToken)
    {
        var tensors = request.Shape.Tensors(DType.F32, request.Layers, request.Vocabulary.Count).ToDictionary(tensor => tensor.Name);
        yield return Plain("token_embd.weight");
        yield return Plain("output_norm.weight");
        foreach (var layer in GrokCheckpoint.LayerOrder(request.Layers))
        {
            yield return Matrix($"blk.{layer}.ffn_gate_exps.weight", 1);
            yield return Matrix($"blk.{layer}.ffn_down_exps.weight", InputGroups);
            yield return Matrix($"blk.{layer}.ffn_up_exps.weight", 1);
            yield return Matrix($"blk.{layer}.attn_k.weight", 1);
            yield return Matrix($"blk.{layer}.attn_output.weight", InputGroups);
            yield return Matrix($"blk.{layer}.attn_q.weight", 1);
            yield return Matrix($"blk.{layer}.attn_v.weight", 1);
            yield return Plain($"blk.{layer}.attn_norm.weight");
            yield return Plain($"blk.{layer}.attn_output_norm.weight");
            yield return Plain($"blk.{layer}.ffn_norm.weight");
            yield return Plain($"blk.{layer}.layer_output_norm.weight");
            yield return Router(tensors[$"blk.{layer}.ffn_gate_inp.weight"], request.Options.Seed);
        }

        GrokPickle Plain(string name) =>
            new(new GrokPickleArray(GrokType.F32, tensors[name].Shape, sink => tensors[name].Write(request.Options.Seed, request.Options.Threads, sink, cancellationToken)), null);

        GrokPickle Matrix(string name, int groups)
        {
            var matrix = new TransposedInt8(new SynthValues(tensors[name], request.Options.Seed), groups, isStack: tensors[name].Shape.Length == 3);
            return new GrokPickle(matrix.Weight(request.Options.Threads, cancellationToken), matrix.Scales);
        }
    }

    // [hidden, experts]
    private static GrokPickle Router(SynthTensor tensor, ulong seed)
    {
        var (experts, hidden) = (tensor.Shape[0], tensor.Shape[1]);
        return new GrokPickle(new GrokPickleArray(GrokType.F32, [hidden, experts], sink =>
        {
            var values = new float[experts * hidden]; // [experts, hidden]
            tensor.Write(seed, threads: 1, CopyTo(values), CancellationToken.None);
            sink(MemoryMarshal.AsBytes<float>(Enumerable.Range(0, values.Length).Select(i => values[(i % experts * hidden) + (i / experts)]).ToArray()));
        }), null);
    }

    private static Checkpoints.TensorSink CopyTo(float[] values)
    {
        var at = 0;
        return bytes =>
        {
            bytes.CopyTo(MemoryMarshal.AsBytes(values.AsSpan())[at..]);
            at += bytes.Length;
        };
    }

    private sealed class Offset(IProgress<long> progress, long before) : IProgress<long>
    {
        public void Report(long value) => progress.Report(before + value);
    }
}
