"""The previews' flow: parse ▸ authorize ▸ look up ▸ coalesce ▸ admit ▸ render ▸ store ▸ respond."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from cache_keys.asking import Asked
from cache_keys.errors import Refusal
from cache_keys.ids import derivative_key
from cache_keys.keyring import Ring
from cache_keys.tags import tags_of
from origin.errors import OriginError, Overloaded, RenderFailed
from origin.flow.admit import Admission
from origin.flow.authorize import Authorizer, Permitted, PreviewRequest
from origin.flow.coalesce import Coalescer
from origin.flow.epoch import EpochWatch
from origin.flow.inform import information
from origin.flow.look_up import EDGE_MASTER, HotPicture, HotPictures, Subject, Subjects
from origin.flow.ration import Ration
from origin.flow.render import Renders
from origin.flow.respond import Responder, refusal
from origin.flow.store import seal, store
from origin.flow.trace import Trace
from origin.headers import Answer
from origin.ports import DerivativeStore
from origin.values import Derivative, DerivativeName, Rendered

#: A render that a purge overtook is made once more; a second purge in that time is told to wait.
TRIES_MAX = 2
#: A second of Unix time, an epoch of the records and the key ring.
Moment = tuple[int, int, Ring]
#: The level of the master that an edge works from.
EDGE_LEVEL = 2560


@dataclass(frozen=True, slots=True)
class PreviewParts:
    """The steps that a preview goes through, wired once."""

    authorizer: Authorizer
    epochs: EpochWatch
    subjects: Subjects
    hot: HotPictures
    derivatives: DerivativeStore
    coalescer: Coalescer[Derivative]
    admission: Admission
    ration: Ration
    renders: Renders
    responder: Responder


class Previews:
    """Answers preview requests. deadline_s: age at which an unfinished answer is given up."""

    def __init__(
        self, parts: PreviewParts, *, engine: str, deadline_s: float, now: Callable[[], float]
    ) -> None:
        self._parts = parts
        self._engine = engine
        self._deadline_s = deadline_s
        self._now = now
        self._permitted: tuple[tuple[PreviewRequest, int, int, Ring], Permitted] | None = None

    async def answer(self, request: PreviewRequest, trace: Trace) -> Answer:
        """Return the answer to one request, errors included; expected failures are not raised."""
        permitted = None
        now_s = int(self._now())
        try:
            async with asyncio.timeout(self._deadline_s):
                epoch = await self._parts.epochs.current()
                if not self._parts.authorizer.is_ready(epoch):
                    await self._parts.authorizer.prepare(epoch)
                permitted = self._permit(request, epoch, now_s)
                picture = await self._find(permitted, epoch, trace)
        except TimeoutError:
            return self._refuse(RenderFailed("render.deadline"), permitted, trace)
        except (Refusal, OriginError) as error:
            return self._refuse(error, permitted, trace)
        return self._respond(request, permitted, picture, trace, now_s)

    def answer_now(self, request: PreviewRequest, trace: Trace) -> Answer | None:
        """Answer from memory without waiting for anything; None when something must be asked."""
        epoch = self._parts.epochs.known()
        if epoch is None or not self._parts.authorizer.is_ready(epoch):
            return None
        now_s = int(self._now())
        try:
            permitted = self._permit(request, epoch, now_s)
        except Refusal as error:
            return self._refuse(error, None, trace)
        picture = self._parts.hot.get(permitted.asked.canonical_path, epoch)
        if picture is not None:
            trace.hit = "memory"
        else:
            picture = self._found_now(permitted, epoch, trace)
        if picture is None:
            return self._overloaded(permitted, epoch, trace)
        return self._respond(request, permitted, picture, trace, now_s)

    def _found_now(self, permitted: Permitted, epoch: int, trace: Trace) -> HotPicture | None:
        """Find it in the store where that needs no waiting; say how to read it again."""
        parts, asked = self._parts, permitted.asked
        known = parts.subjects.remembered(asked, epoch)
        if known is None:
            return None
        tenant, asset = known
        path = asked.canonical_path
        name = self._name(asked)
        derivative = parts.derivatives.get_now(name, generation=asset.generation)
        if derivative is None:
            return None
        trace.hit = "disk"
        tags = tags_of(path, self._engine)
        picture = HotPicture(epoch, derivative, tenant, name.key, tags)
        if not parts.hot.put(path, picture):
            trace.again = parts.derivatives.reader_now(name, derivative)
        return picture

    def _overloaded(self, permitted: Permitted, epoch: int, trace: Trace) -> Answer | None:
        """Refuse what would have to be rendered and cannot be taken on; None: it is not so sure."""
        parts, asked = self._parts, permitted.asked
        error = parts.admission.refusal
        if error is None:
            return None
        known = parts.subjects.remembered(asked, epoch)
        if known is None:
            return None
        name = self._name(asked)
        is_joined = parts.coalescer.is_running(_job(name, known[1].generation))
        if is_joined or not parts.derivatives.is_absent_now(name):
            return None
        trace.hit = "joined"  # as where it is refused later
        return self._refuse(error, permitted, trace)

    def _name(self, asked: Asked) -> DerivativeName:
        assert asked.transform is not None, "info.json is not stored"
        key = derivative_key(asked.tenant, asked.asset, asked.leaf, self._engine)
        ext, path = asked.transform.ext, asked.canonical_path
        return DerivativeName(asked.tenant, asked.asset, key, ext, path, self._engine)

    def _permit(self, request: PreviewRequest, epoch: int, now_s: int) -> Permitted:
        """Judge a request; one that was just judged before ASGI is not judged again behind it."""
        authorizer = self._parts.authorizer
        asked = (request, epoch, now_s, authorizer.ring())
        if self._permitted is None or self._permitted[0] != asked:
            self._permitted = asked, authorizer.permit(request, now_s)
        return self._permitted[1]

    def moment(self) -> Moment | None:
        """Return what a verdict of now rests on; None when the records must be asked first."""
        epoch = self._parts.epochs.known()
        if epoch is None or not self._parts.authorizer.is_ready(epoch):
            return None
        return int(self._now()), epoch, self._parts.authorizer.ring()

    async def _find(self, permitted: Permitted, epoch: int, trace: Trace) -> HotPicture:
        parts, asked = self._parts, permitted.asked
        path = asked.canonical_path
        picture = parts.hot.get(path, epoch)
        if picture is not None:
            trace.hit = "memory"
            return picture
        with trace.step("look_up"):
            subject = await parts.subjects.find(asked, epoch)
        derivative = await self._derivative(permitted, subject, trace)
        key = derivative_key(asked.tenant, asked.asset, asked.leaf, self._engine)
        picture = HotPicture(epoch, derivative, subject.tenant, key, tags_of(path, self._engine))
        parts.hot.put(path, picture)
        return picture

    async def _derivative(self, permitted: Permitted, subject: Subject, trace: Trace) -> Derivative:
        asked = permitted.asked
        if asked.transform is None:
            trace.hit = "record"
            return information(subject.asset)
        if asked.transform.preset == EDGE_MASTER and asked.transform.ext == "jpg":
            trace.hit = "master"
            content = await self._parts.renders.master(subject.asset, EDGE_LEVEL)
            return seal(Rendered(content, 0, 0, {}), subject.asset.generation)
        return await self._stored_or_made(permitted, subject, self._name(asked), trace)

    async def _stored_or_made(
        self, permitted: Permitted, subject: Subject, name: DerivativeName, trace: Trace
    ) -> Derivative:
        generation = subject.asset.generation
        trace.hit = "joined"
        # Looked up once, under the name's lock: what another process makes is waited for.
        return await self._parts.coalescer.run(
            _job(name, generation),
            lambda: self._stored(name, generation, trace),
            lambda: self._make(permitted, subject, name, trace),
        )

    async def _stored(
        self, name: DerivativeName, generation: int, trace: Trace
    ) -> Derivative | None:
        with trace.step("store"):
            found = await self._parts.derivatives.get(name, generation=generation)
        if found is not None:
            trace.hit = "disk"
        return found

    async def _make(
        self, permitted: Permitted, subject: Subject, name: DerivativeName, trace: Trace
    ) -> Derivative:
        """Render and store, if that may be; what a purge overtook is looked up and made anew."""
        parts = self._parts
        parts.admission.check()
        parts.ration.take(name.tenant, name.asset)
        trace.hit = "render"
        for _ in range(TRIES_MAX):
            rendered = await parts.renders.make(subject, trace)
            try:
                with trace.step("keep"):
                    return await store(parts.derivatives, name, rendered, subject.asset.generation)
            except RenderFailed as failure:
                if failure.code != "render.superseded":
                    raise
                parts.subjects.forget(subject.asset)
                subject = await parts.subjects.find(permitted.asked, subject.epoch)
        raise Overloaded("render.superseded")

    def _respond(
        self,
        request: PreviewRequest,
        permitted: Permitted,
        picture: HotPicture,
        trace: Trace,
        now_s: int,
    ) -> Answer:
        trace.about(permitted.asked, picture.key, len(picture.tags))
        return self._parts.responder.picture(picture, request, permitted, trace, now_s)

    def _refuse(
        self, error: Refusal | OriginError, permitted: Permitted | None, trace: Trace
    ) -> Answer:
        trace.code = error.code
        trace.reason = error.log if isinstance(error, OriginError) else error.public
        if permitted is None:
            return refusal(error, is_edge=False, tags=())
        tags = tags_of(permitted.asked.canonical_path, self._engine)
        trace.about(permitted.asked, "", len(tags))
        return refusal(error, is_edge=permitted.is_edge, tags=tags)


def _job(name: DerivativeName, generation: int) -> str:
    """Return what is coalesced by: an older generation's render is what a purge has overtaken."""
    return f"{name.key}@{generation}"
