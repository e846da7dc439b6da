using System.Buffers.Binary;

namespace Crescent.Engine.Experts.Traces;

/// <summary>Writes a trace as steps run. Disposing it ends the file in order; what a killed process leaves can be read up to its last whole record.</summary>
public sealed class RoutingTraceWriter : IRoutingRecorder, IDisposable
{
    private const int BufferBytes = 1 << 20;

    private readonly FileStream _file;
    private byte[] _record = [];
    private int _experts; // 0 until the first record
    private int _topK;
    private long _step = -1;

    /// <exception cref="IOException">The file cannot be written.</exception>
    public RoutingTraceWriter(string path) =>
        _file = new FileStream(path, FileMode.Create, FileAccess.Write, FileShare.Read, BufferBytes);

    public void BeginStep() => _step++;

    public void Record(int layer, int experts, int topK, ReadOnlySpan<int> chosen, ReadOnlySpan<float> weights)
    {
        if (_experts == 0)
        {
            Begin(experts, topK);
        }

        if ((experts, topK) != (_experts, _topK))
        {
            throw new NotSupportedException($"layer {layer}: expected {_topK} of {_experts} experts as in the layers before, found {topK} of {experts}: a trace holds one kind of layer");
        }

        var bytes = RoutingTraceFormat.RecordBytes + (chosen.Length * RoutingTraceFormat.ChoiceBytes);
        if (_record.Length < bytes)
        {
            _record = new byte[bytes];
        }

        var record = _record.AsSpan(0, bytes);
        BinaryPrimitives.WriteInt64LittleEndian(record, Math.Max(0, _step));
        BinaryPrimitives.WriteInt32LittleEndian(record[8..], layer);
        BinaryPrimitives.WriteInt32LittleEndian(record[12..], chosen.Length / topK);
        for (var token = 0; token < chosen.Length; token += topK)
        {
            WriteToken(chosen.Slice(token, topK), weights.Slice(token, topK), record[(RoutingTraceFormat.RecordBytes + (token * RoutingTraceFormat.ChoiceBytes))..]);
        }

        _file.Write(record);
    }

    public void Dispose()
    {
        if (_experts > 0)
        {
            Span<byte> length = stackalloc byte[sizeof(long)];
            BinaryPrimitives.WriteInt64LittleEndian(length, _file.Length);
            _file.Position = RoutingTraceFormat.LengthOffset;
            _file.Write(length);
        }

        _file.Dispose();
    }

    private static void WriteToken(ReadOnlySpan<int> chosen, ReadOnlySpan<float> weights, Span<byte> choices)
    {
        var sum = 0f;
        foreach (var weight in weights)
        {
            sum += weight;
        }

        for (var k = 0; k < chosen.Length; k++)
        {
            var share = weights[k] / sum;
            var code = share >= 0 ? (ushort)MathF.Round(Math.Min(share, 1) * RoutingTraceFormat.ShareScale) : (ushort)0; // a model gone wrong has shares that are no numbers
            BinaryPrimitives.WriteUInt16LittleEndian(choices[(k * RoutingTraceFormat.ChoiceBytes)..], (ushort)chosen[k]);
            BinaryPrimitives.WriteUInt16LittleEndian(choices[((k * RoutingTraceFormat.ChoiceBytes) + 2)..], code);
        }
    }

    private void Begin(int experts, int topK)
    {
        ArgumentOutOfRangeException.ThrowIfGreaterThan(experts, RoutingTraceFormat.MostExperts);
        (_experts, _topK) = (experts, topK);
        var header = new byte[RoutingTraceFormat.HeaderBytes];
        RoutingTraceFormat.Magic.CopyTo(header);
        BinaryPrimitives.WriteUInt32LittleEndian(header.AsSpan(8), RoutingTraceFormat.Version);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(12), experts);
        BinaryPrimitives.WriteInt32LittleEndian(header.AsSpan(16), topK);
        _file.Write(header);
    }
}
