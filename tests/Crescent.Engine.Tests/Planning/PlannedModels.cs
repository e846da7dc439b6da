using Crescent.Engine.Planning;
using Crescent.Engine.Synthesis;
using Crescent.Kernels;

namespace Crescent.Tests.Planning;

internal static class PlannedModels
{
    public static ModelFootprint KimiK2(DType type = DType.Q4_0, DType? residentType = null) => Of("kimi-k2", type, residentType);

    public static ModelFootprint Of(string name, DType type, DType? residentType = null)
    {
        var preset = Preset(name);
        return ModelFootprint.Of(PlannedTensor.Of(preset, type), preset.ExpertsUsed, residentType: residentType);
    }

    public static SynthPreset Preset(string name) => SynthPreset.TryGet(name, out var preset) ? preset : throw new ArgumentException(name);
}
