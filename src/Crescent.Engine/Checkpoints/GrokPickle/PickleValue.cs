namespace Crescent.Engine.Checkpoints.GrokPickle;

/// <summary>What the stack of a pickle holds: plain values, and the few objects that the release is made of.</summary>
internal abstract class PickleValue
{
    /// <summary>The value as messages show it.</summary>
    public abstract override string ToString();
}

internal sealed class PickleNone : PickleValue
{
    public override string ToString() => "None";
}

internal sealed class PickleBool(bool value) : PickleValue
{
    public bool Value => value;

    public override string ToString() => value ? "True" : "False";
}

internal sealed class PickleInteger(long value) : PickleValue
{
    public long Value => value;

    public override string ToString() => value.ToString();
}

internal sealed class PickleText(string value) : PickleValue
{
    public string Value => value;

    public override string ToString() => $"'{FileText.Escape(value)}'";
}

/// <summary>Bytes that stay in the file.</summary>
internal sealed class PickleBytes(long offset, long length) : PickleValue
{
    public long Offset => offset;

    public long Length => length;

    public override string ToString() => $"{length} bytes";
}

internal sealed class PickleTuple(IReadOnlyList<PickleValue> items) : PickleValue
{
    public IReadOnlyList<PickleValue> Items => items;

    public override string ToString() => $"a tuple of {items.Count}";
}

internal sealed class PickleDictionary : PickleValue
{
    public Dictionary<string, PickleValue> Items { get; } = [];

    public override string ToString() => $"a dictionary of {Items.Count}";
}

/// <summary>A class or function that a pickle may name. It is recognised, never looked up or called.</summary>
internal sealed class PickleGlobal(PickleName name) : PickleValue
{
    public PickleName Name => name;

    public override string ToString() => name.ToString();
}

internal enum PickleName
{
    Reconstruct,
    NdArray,
    DType,
    BFloat16,
    QuantizedWeight8bit,
}

/// <summary>A numpy dtype, whose byte order its state gives.</summary>
internal sealed class NumpyType(GrokType type) : PickleValue
{
    public GrokType Type => type;

    public bool IsComplete { get; set; }

    public override string ToString() => IsComplete ? $"dtype {type}" : $"dtype {type} without its state";
}

/// <summary>A numpy array, empty until its state gives shape, type and bytes.</summary>
internal sealed class NumpyArray : PickleValue
{
    public GrokArray? Array { get; set; }

    public override string ToString() => Array is null ? "an array without its state" : "an array";
}

/// <summary>The release's class of 8-bit weights.</summary>
internal sealed class PickledQuantizedWeight : PickleValue
{
    public GrokArray? Weight { get; set; }

    public GrokArray? Scales { get; set; }

    public override string ToString() => "a QuantizedWeight8bit";
}
