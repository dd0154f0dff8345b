# certbatch: GNU make, no configure step.
#
#   make            the program, ./certbatch (hardened release build)
#   make deps       install what pkg-config misses (Debian: apt, as root or with sudo)
#   make demo       dependencies, program, and the sample change ticket from end to end
#   make check      dependencies, everything with -Werror, all tests and gates
#   make sim        the simulated CAs for rehearsals, ./casim
#   make soak       random faults and kills against the simulator, SOAK_MINUTES (30); make kill: every kill
#   make bench      speed and memory beside libcrypto's own floor
#   make debug|asan|ubsan|tsan|cov   variants, in build/<variant>/certbatch
#   make fuzz analyze install uninstall dist clean
#
# V=1 shows commands. CC, CFLAGS, LDFLAGS are honoured: CFLAGS and LDFLAGS are appended.

VERSION := 0.1.0
VARIANT ?= release
BUILD   := build/$(VARIANT)
PREFIX  ?= /usr/local
DESTDIR ?=
PKG_CONFIG ?= pkg-config
ifeq ($(origin CC),default)
CC := gcc
endif
SOURCE_DATE_EPOCH ?= $(shell git log -1 --format=%ct 2>/dev/null || echo 0)
export SOURCE_DATE_EPOCH
# files for report.pdf that go into the program (Debian: fonts-dejavu-core)
FONTS   ?= /usr/share/fonts/truetype/dejavu
export FONTS

PACKAGES      := libcrypto libssl libcurl yaml-0.1 libarchive libpcre2-8 jansson libidn2 libpsl xlsxwriter \
  expat cairo freetype2
TEST_PACKAGES := cmocka zlib
SIM_PACKAGES  := libmicrohttpd gnutls zlib

WARNINGS := -Wall -Wextra -Wpedantic -Wshadow -Wformat=2 -Wconversion -Wsign-conversion \
  -Wstrict-prototypes -Wmissing-prototypes -Wold-style-definition -Wpointer-arith -Wcast-qual \
  -Wwrite-strings -Wvla -Wundef -Wswitch-enum -Wimplicit-fallthrough -Wnull-dereference \
  -Werror=implicit -Werror=incompatible-pointer-types -Werror=int-conversion \
  -Werror=format-security
GCC_WARNINGS := -Wtrampolines -Wbidi-chars=any -Wduplicated-cond -Wlogical-op
HARDENING := -fstack-protector-strong -fstack-clash-protection -fcf-protection=full \
  -ftrivial-auto-var-init=zero -fno-delete-null-pointer-checks -fno-strict-overflow \
  -fno-strict-aliasing -fno-common -fPIE
FORTIFY := -U_FORTIFY_SOURCE -D_FORTIFY_SOURCE=3
HARDENING_LD := -pie -Wl,-z,relro -Wl,-z,now -Wl,-z,noexecstack -Wl,--as-needed

OPT_release := -O2 -g $(FORTIFY)
OPT_check   := -O2 -g1 $(FORTIFY) -Werror
OPT_debug   := -O0 -g3
OPT_asan    := -O1 -g1 -fsanitize=address,undefined -fno-sanitize-recover=all -fno-omit-frame-pointer
OPT_ubsan   := -O1 -g -fsanitize=undefined -fno-sanitize-recover=all
OPT_tsan    := -O1 -g -fsanitize=thread
OPT_cov     := -O0 -g --coverage
OPT_analyze := -O2 -g -fanalyzer
LD_asan  := -fsanitize=address,undefined
LD_ubsan := -fsanitize=undefined
LD_tsan  := -fsanitize=thread
LD_cov   := --coverage

IS_GCC := $(shell $(CC) --version 2>/dev/null | head -1 | grep -qi gcc && echo yes)
ALL_CFLAGS = -std=c11 -D_GNU_SOURCE -DOPENSSL_API_COMPAT=30000 -DOPENSSL_NO_DEPRECATED \
  -DPCRE2_CODE_UNIT_WIDTH=8 -DCERTBATCH_VERSION='"$(VERSION)"' -I. \
  $(WARNINGS) $(if $(IS_GCC),$(GCC_WARNINGS)) $(HARDENING) $(OPT_$(VARIANT)) \
  -ffile-prefix-map=$(CURDIR)=. $(PKG_CFLAGS) $(CFLAGS)
ALL_LDFLAGS = $(HARDENING_LD) $(LD_$(VARIANT)) $(LDFLAGS)
PKG_CFLAGS = $(shell $(PKG_CONFIG) --cflags $(PACKAGES) 2>/dev/null)
# libcsv comes without a description for pkg-config
PKG_LIBS   = $(shell $(PKG_CONFIG) --libs $(PACKAGES) 2>/dev/null) -lcsv -lpthread
SIM_LIBS   = $(shell $(PKG_CONFIG) --libs $(SIM_PACKAGES) 2>/dev/null)
TEST_LIBS  = $(shell $(PKG_CONFIG) --libs $(TEST_PACKAGES) 2>/dev/null)

DIRS    := cmd batch batch/ca policy formats formats/base
SOURCES := $(sort $(wildcard $(addsuffix /*.c,$(DIRS))))
OBJECTS := $(SOURCES:%.c=$(BUILD)/%.o) $(BUILD)/gen/packs.o $(BUILD)/gen/assets.o \
  $(BUILD)/gen/profiles.o
MAIN    := $(BUILD)/cmd/main.o
LIB     := $(BUILD)/libcertbatch.a
PROGRAM := $(BUILD)/certbatch
ASSETS  := report_css=batch/report.css report_js=batch/report.js \
  font_sans=$(FONTS)/DejaVuSans.ttf font_bold=$(FONTS)/DejaVuSans-Bold.ttf \
  font_mono=$(FONTS)/DejaVuSansMono.ttf
PACKS   := $(sort $(wildcard policy/packs/*.yaml))
PROFILES := $(sort $(wildcard batch/profiles/*.yaml))
UNIT    := $(sort $(wildcard tests/unit/t_*.c))
UNIT_PROGRAMS := $(UNIT:tests/unit/%.c=$(BUILD)/tests/unit/%)
SIM     := $(sort $(wildcard tests/sim/sim*.c))
SIM_OBJECTS := $(SIM:%.c=$(BUILD)/%.o)
CASIM   := $(BUILD)/tests/sim/casim
SIMCHECK := $(BUILD)/tests/sim/simcheck
SIMCHECK_OBJECTS := $(patsubst %.c,$(BUILD)/%.o,$(sort $(wildcard tests/sim/check*.c)))
HURRY   := $(BUILD)/tests/sim/hurry.so

Q := $(if $(V),,@)
say = $(if $(V),,@printf '  %-7s %s\n' '$(1)' '$(2)')

.PHONY: all deps demo check bench debug asan ubsan tsan cov fuzz analyze install uninstall dist \
        clean unit sim deps-sim history soak kill certbatch-variant format
.DELETE_ON_ERROR:

all: certbatch

certbatch: $(PROGRAM)
	$(Q)cp -f $< $@

$(PROGRAM): $(MAIN) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LDFLAGS) $(PKG_LIBS)

$(LIB): $(filter-out $(MAIN),$(OBJECTS))
	$(call say,AR,$@)
	$(Q)rm -f $@ && ar rcsD $@ $^

$(BUILD)/%.o: %.c $(BUILD)/flags
	$(call say,CC,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/packs.c: $(PACKS) tests/tools/embed.sh
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sh tests/tools/embed.sh policy/policy.h policy_packs $(PACKS) > $@

$(BUILD)/gen/profiles.c: $(PROFILES) tests/tools/embed.sh
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sh tests/tools/embed.sh batch/import_profile.h import_profiles $(PROFILES) > $@

$(BUILD)/gen/%.o: $(BUILD)/gen/%.c $(BUILD)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

$(BUILD)/gen/assets.c: $(foreach a,$(ASSETS),$(lastword $(subst =, ,$(a)))) tests/tools/assets.sh
	$(call say,GEN,$@)
	$(Q)mkdir -p $(@D) && sh tests/tools/assets.sh $(ASSETS) > $@

$(BUILD)/gen/assets.o: $(BUILD)/gen/assets.c $(BUILD)/flags
	$(Q)$(CC) $(ALL_CFLAGS) -MMD -MP -c -o $@ $<

# rebuilt when a flag changes
$(BUILD)/flags: FORCE
	$(Q)mkdir -p $(@D); echo '$(subst ','\'',$(CC) $(ALL_CFLAGS))' | cmp -s - $@ || \
	  echo '$(subst ','\'',$(CC) $(ALL_CFLAGS))' > $@
FORCE:

$(BUILD)/tests/unit/%: tests/unit/%.c $(LIB) $(BUILD)/flags
	$(call say,TEST,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -MMD -MP -o $@ $< $(LIB) $(ALL_LDFLAGS) $(PKG_LIBS) $(TEST_LIBS)

$(BUILD)/tests/fuzz/%: tests/fuzz/%.c tests/fuzz/replay.c $(LIB) $(BUILD)/flags
	$(call say,FUZZ,$<)
	$(Q)mkdir -p $(@D) && $(CC) $(ALL_CFLAGS) -o $@ $< tests/fuzz/replay.c $(LIB) $(ALL_LDFLAGS) $(PKG_LIBS)

unit: $(UNIT_PROGRAMS) $(PROGRAM)

# the simulator stays beside its variant; a copy is where a user looks for it
sim: deps-sim $(CASIM)
	$(Q)cp -f $(CASIM) casim

$(CASIM): $(SIM_OBJECTS) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LDFLAGS) $(SIM_LIBS) $(PKG_LIBS)

$(SIMCHECK): $(SIMCHECK_OBJECTS) $(LIB)
	$(call say,LINK,$@)
	$(Q)$(CC) $(ALL_CFLAGS) -o $@ $^ $(ALL_LDFLAGS) $(PKG_LIBS)

# preloaded into the program under test; a sanitizer's runtime must not be in it
$(HURRY): tests/sim/hurry.c $(BUILD)/flags
	$(call say,LINK,$@)
	$(Q)mkdir -p $(@D) && $(CC) -std=c11 -O2 $(WARNINGS) -fPIC -shared -o $@ $< -ldl

# what scenarios, kills and soak need beside the program
history: $(PROGRAM) $(CASIM) $(SIMCHECK) $(HURRY)

-include $(OBJECTS:.o=.d) $(UNIT_PROGRAMS:=.d) $(SIM_OBJECTS:.o=.d) $(SIMCHECK_OBJECTS:.o=.d)

deps:
	$(Q)sh tests/tools/deps.sh $(PACKAGES) csv.h $(TEST_PACKAGES) $(SIM_PACKAGES)

deps-sim:
	$(Q)sh tests/tools/deps.sh $(PACKAGES) csv.h $(SIM_PACKAGES)

demo: deps
	$(Q)$(MAKE) --no-print-directory -j$$(nproc) all
	$(Q)sh samples/demo.sh

check: deps
	$(Q)bash tests/check.sh

bench: all sim
	$(Q)bash tests/bench/bench.sh

# every point of the kill matrix at the simulator; make check samples it
kill:
	$(Q)$(MAKE) --no-print-directory VARIANT=check -j$$(nproc) history
	$(Q)KILL_SECONDS=0 bash tests/sim/history.sh kill
	$(Q)CERTBATCH=build/check/certbatch bash tests/crash/kill.sh

soak:
	$(Q)$(MAKE) --no-print-directory VARIANT=check -j$$(nproc) history
	$(Q)bash tests/sim/history.sh soak

debug asan ubsan tsan cov:
	$(Q)$(MAKE) --no-print-directory VARIANT=$@ build/$@/certbatch

fuzz:
	$(Q)sh tests/fuzz/fuzz.sh

analyze:
	$(Q)$(MAKE) --no-print-directory VARIANT=analyze build/analyze/certbatch
	$(Q)sh tests/lint/analyze.sh

install: all
	install -D -m 755 certbatch $(DESTDIR)$(PREFIX)/bin/certbatch
	install -D -m 644 cmd/certbatch.1 $(DESTDIR)$(PREFIX)/share/man/man1/certbatch.1
	mkdir -p $(DESTDIR)$(PREFIX)/share/bash-completion/completions
	./certbatch completion bash > $(DESTDIR)$(PREFIX)/share/bash-completion/completions/certbatch

uninstall:
	rm -f $(DESTDIR)$(PREFIX)/bin/certbatch $(DESTDIR)$(PREFIX)/share/man/man1/certbatch.1 \
	  $(DESTDIR)$(PREFIX)/share/bash-completion/completions/certbatch

dist:
	$(Q)mkdir -p build && git archive --format=tar --prefix=certbatch-$(VERSION)/ HEAD | \
	  gzip -9n > build/certbatch-$(VERSION).tar.gz && echo build/certbatch-$(VERSION).tar.gz

format:
	$(Q)clang-format -i $$(git ls-files '*.c' '*.h')

clean:
	rm -rf build certbatch casim
