using System.Buffers.Binary;
using Crescent.Engine.Checkpoints;

namespace Crescent.Engine.Experts.Traces;

/// <summary>Reads traces: every number is checked before it is used, and nothing is allocated that the file's size does not cover.</summary>
internal sealed class RoutingTraceReader
{
    private const int BufferBytes = 1 << 20;

    private readonly string _path;
    private readonly FileStream _file;
    private readonly Dictionary<int, long> _lastSteps = []; // of each layer
    private readonly int _experts;
    private readonly int _topK;
    private readonly long _length; // of the file as its header says; 0 where it was not closed
    private byte[] _choices = [];
    private int[] _chosen = [];
    private float[] _shares = [];
    private long _step;

    private RoutingTraceReader(string path, FileStream file)
    {
        (_path, _file) = (path, file);
        Span<byte> header = stackalloc byte[RoutingTraceFormat.HeaderBytes];
        if (_file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false) < header.Length || !header.StartsWith(RoutingTraceFormat.Magic))
        {
            throw Error(0, "expected a routing trace ('CRXROUTE'), found something else");
        }

        var version = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        var experts = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        var topK = BinaryPrimitives.ReadUInt32LittleEndian(header[16..]);
        _length = BinaryPrimitives.ReadInt64LittleEndian(header[RoutingTraceFormat.LengthOffset..]);
        Require(version == RoutingTraceFormat.Version, 8, $"expected version {RoutingTraceFormat.Version}, found {version}");
        Require(experts is >= 1 and <= RoutingTraceFormat.MostExperts, 12, $"expected 1..{RoutingTraceFormat.MostExperts} experts, found {experts}");
        Require(topK >= 1 && topK <= Math.Min(experts, RoutingTraceFormat.MostTopK), 16, $"expected 1..{Math.Min(experts, RoutingTraceFormat.MostTopK)} experts a token, found {topK}");
        Require(_length == 0 || _length == _file.Length, RoutingTraceFormat.LengthOffset, $"expected a file of {_length} bytes, found {_file.Length}");
        (_experts, _topK) = ((int)experts, (int)topK);
    }

    public static RoutingTrace Read(string path)
    {
        using var file = Open(path);
        return new RoutingTraceReader(path, file).Read();
    }

    private static FileStream Open(string path)
    {
        try
        {
            return new FileStream(path, FileMode.Open, FileAccess.Read, FileShare.ReadWrite, BufferBytes);
        }
        catch (Exception exception) when (exception is IOException or UnauthorizedAccessException)
        {
            throw new CheckpointException($"{path}: cannot be read: {exception.Message}", exception);
        }
    }

    private RoutingTrace Read()
    {
        var trace = new RoutingTrace { IsComplete = _length > 0 };
        trace.Begin(_experts, _topK);
        while (ReadRecord(trace))
        {
        }

        return trace;
    }

    private bool ReadRecord(RoutingTrace trace)
    {
        var offset = _file.Position;
        Span<byte> header = stackalloc byte[RoutingTraceFormat.RecordBytes];
        var read = _file.ReadAtLeast(header, header.Length, throwOnEndOfStream: false);
        if (read == 0 || (read < header.Length && _length == 0))
        {
            return false;
        }

        Require(read == header.Length, offset, "expected a whole record, found the end of the file");
        var step = BinaryPrimitives.ReadInt64LittleEndian(header);
        var layer = BinaryPrimitives.ReadUInt32LittleEndian(header[8..]);
        var tokens = BinaryPrimitives.ReadUInt32LittleEndian(header[12..]);
        Require(step >= _step, offset, $"expected a step of at least {_step}, found {step}");
        Require(layer < RoutingTraceFormat.MostLayers, offset + 8, $"expected a layer below {RoutingTraceFormat.MostLayers}, found {layer}");
        Require(!_lastSteps.TryGetValue((int)layer, out var last) || last < step, offset, $"layer {layer}: expected a step after {last}, found {step}");
        Require(tokens >= 1 && tokens * (long)_topK <= RoutingTraceFormat.MostChoices, offset + 12, $"expected 1..{RoutingTraceFormat.MostChoices / _topK} tokens, found {tokens}");
        var bytes = tokens * (long)_topK * RoutingTraceFormat.ChoiceBytes;
        if (bytes > _file.Length - _file.Position)
        {
            Require(_length == 0, offset + 12, $"expected {tokens} tokens, found the end of the file");
            return false;
        }

        (_step, _lastSteps[(int)layer]) = (step, step);
        ReadChoices((int)(bytes / RoutingTraceFormat.ChoiceBytes));
        trace.Add(step, (int)layer, _chosen.AsSpan(0, (int)tokens * _topK), _shares.AsSpan(0, (int)tokens * _topK));
        return true;
    }

    private void ReadChoices(int count)
    {
        if (_chosen.Length < count)
        {
            (_choices, _chosen, _shares) = (new byte[count * RoutingTraceFormat.ChoiceBytes], new int[count], new float[count]);
        }

        var offset = _file.Position;
        _file.ReadExactly(_choices.AsSpan(0, count * RoutingTraceFormat.ChoiceBytes));
        for (var i = 0; i < count; i++)
        {
            var at = i * RoutingTraceFormat.ChoiceBytes;
            _chosen[i] = BinaryPrimitives.ReadUInt16LittleEndian(_choices.AsSpan(at));
            _shares[i] = BinaryPrimitives.ReadUInt16LittleEndian(_choices.AsSpan(at + 2)) / RoutingTraceFormat.ShareScale;
            Require(_chosen[i] < _experts, offset + at, $"expected an expert below {_experts}, found {_chosen[i]}");
            Require(_chosen.AsSpan(i / _topK * _topK, i % _topK).IndexOf(_chosen[i]) < 0, offset + at, $"expert {_chosen[i]}: chosen twice by one token");
        }
    }

    private void Require(bool isTrue, long offset, string message)
    {
        if (!isTrue)
        {
            throw Error(offset, message);
        }
    }

    private CheckpointException Error(long offset, string message) => RoutingTraceFormat.Error(_path, offset, message);
}
