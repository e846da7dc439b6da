namespace Crescent.Engine.Checkpoints.Gguf;

/// <summary>Type of a metadata value; the numbers are the file's (gguf.h, <c>enum gguf_type</c>).</summary>
public enum GgufValueType
{
    U8 = 0,
    I8 = 1,
    U16 = 2,
    I16 = 3,
    U32 = 4,
    I32 = 5,
    F32 = 6,
    Bool = 7,
    Str = 8,
    Array = 9,
    U64 = 10,
    I64 = 11,
    F64 = 12,
}

internal static class GgufValueTypes
{
    /// <summary>The name as gguf-py spells it.</summary>
    public static string Name(this GgufValueType type) => type switch
    {
        GgufValueType.U8 => "u8",
        GgufValueType.I8 => "i8",
        GgufValueType.U16 => "u16",
        GgufValueType.I16 => "i16",
        GgufValueType.U32 => "u32",
        GgufValueType.I32 => "i32",
        GgufValueType.F32 => "f32",
        GgufValueType.Bool => "bool",
        GgufValueType.Str => "str",
        GgufValueType.Array => "arr",
        GgufValueType.U64 => "u64",
        GgufValueType.I64 => "i64",
        GgufValueType.F64 => "f64",
        _ => $"type {(int)type}",
    };

    /// <summary>Bytes of one value; 0 for strings and arrays, whose length is in the file.</summary>
    public static int FixedBytes(this GgufValueType type) => type switch
    {
        GgufValueType.U8 or GgufValueType.I8 or GgufValueType.Bool => 1,
        GgufValueType.U16 or GgufValueType.I16 => 2,
        GgufValueType.U32 or GgufValueType.I32 or GgufValueType.F32 => 4,
        GgufValueType.U64 or GgufValueType.I64 or GgufValueType.F64 => 8,
        _ => 0,
    };
}
