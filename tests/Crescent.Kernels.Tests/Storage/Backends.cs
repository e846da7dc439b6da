using Crescent.Kernels.Storage;
using Xunit;

namespace Crescent.Kernels.Tests.Storage;

internal static class Backends
{
    public static void SkipUnlessWorking(ReadBackendKind backend)
    {
        if (backend == ReadBackendKind.Uring)
        {
            using var reader = new DriveReader();
            Assert.SkipUnless(reader.BackendName == "io_uring", "io_uring does not work here");
        }
    }
}
