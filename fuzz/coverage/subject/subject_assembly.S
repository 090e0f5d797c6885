// What a compiler cannot be relied on to write. The labels within functions
// start blocks: each is the target of a jump.

.text

.macro function name
.p2align 4
.globl \name
.type \name, @function
\name:
.cfi_startproc
.endm

.macro end_function name
.cfi_endproc
.size \name, . - \name
.endm

function subject_red_zone
    movq %rdi, -8(%rsp)
    movq %rsi, -128(%rsp)
    jmp 1f
1:  movq %rdi, %rax
    xorq %rsi, %rax
    movq %rax, -64(%rsp)
    testq %rdi, %rdi
    jne 2f
    notq -64(%rsp)
2:  movq -8(%rsp), %rax
    imulq $3, %rax, %rax
    cmpq %rsi, %rdi
    jb 3f
    incq %rax
3:  subq -128(%rsp), %rax
    jmp 4f
4:  xorq -64(%rsp), %rax
    ret
end_function subject_red_zone

function subject_below_stack
    leaq -4096(%rsp), %rdx
    movl $495, %ecx      // 496 words, up to the red zone
1:  movq %rdi, (%rdx,%rcx,8)
    decl %ecx
    jns 1b
    jmp 2f
2:  xorl %eax, %eax
    movl $495, %ecx
3:  addq (%rdx,%rcx,8), %rax
    decl %ecx
    jns 3b
    ret
end_function subject_below_stack

function subject_carry
    xorl %eax, %eax
    testq %rdx, %rdx
    je 3f
    xorl %r9d, %r9d     // clears the carry
1:  movq (%rdi,%r9,8), %r8
    adcq (%rsi,%r9,8), %r8
    jmp 2f
2:  movq %r8, (%rcx,%r9,8)
    leaq 1(%r9), %r9
    decq %rdx           // leaves the carry alone
    jne 1b
    setc %al
3:  ret
end_function subject_carry

function subject_flags
    pushq %rdi
    popfq
    jmp 1f
1:  lahf
    jmp 2f
2:  sahf
    jo 3f
    jmp 3f
3:  jmp 4f
4:  pushfq
    popq %rax
    cld
    ret
end_function subject_flags

.macro each_register operation
    \operation rax 0
    \operation rbx 8
    \operation rcx 16
    \operation rdx 24
    \operation rbp 32
    \operation r8 40
    \operation r9 48
    \operation r10 56
    \operation r11 64
    \operation r12 72
    \operation r13 80
    \operation r14 88
    \operation r15 96
.endm

.macro load register offset
    movq \offset(%rdi), %\register
.endm

.macro store register offset
    movq %\register, \offset(%rsi)
.endm

function subject_registers
    pushq %rbx
    pushq %rbp
    pushq %r12
    pushq %r13
    pushq %r14
    pushq %r15
    pushq %rsi
    each_register load
    movq 112(%rdi), %rsi
    movq 104(%rdi), %rdi
    jmp 1f
1:  jmp 2f
2:  jrcxz 3f
    jmp 3f
3:  pushq %rsi
    movq 8(%rsp), %rsi
    popq 112(%rsi)
    movq %rdi, 104(%rsi)
    each_register store
    popq %rsi
    popq %r15
    popq %r14
    popq %r13
    popq %r12
    popq %rbp
    popq %rbx
    ret
end_function subject_registers

.macro each_vector operation
    \operation 0
    \operation 1
    \operation 2
    \operation 3
    \operation 4
    \operation 5
    \operation 6
    \operation 7
    \operation 8
    \operation 9
    \operation 10
    \operation 11
    \operation 12
    \operation 13
    \operation 14
    \operation 15
.endm

.macro load_vector number
    movups 16*\number(%rdi), %xmm\number
.endm

.macro store_vector number
    movups %xmm\number, 16*\number(%rsi)
.endm

function subject_vectors
    stmxcsr -4(%rsp)
    ldmxcsr (%rdx)
    each_vector load_vector
    jmp 1f
1:  jmp 2f
2:  each_vector store_vector
    stmxcsr (%rdx)
    jmp 3f
3:  ldmxcsr -4(%rsp)
    ret
end_function subject_vectors

function subject_x87
    fldl (%rdi)
    fldl 8(%rdi)
    jmp 1f
1:  fldpi
    fmulp %st, %st(1)
    jmp 2f
2:  fdivrp %st, %st(1)
    fldl 16(%rdi)
    fcomi %st(1), %st
    ja 3f
    fchs
3:  faddp %st, %st(1)
    jmp 4f
4:  fstpl (%rsi)
    ret
end_function subject_x87

// The data looks like a branch into itself, over and over.
function subject_data_in_code
    leaq 1f(%rip), %rdx
    xorl %eax, %eax
    xorl %ecx, %ecx
    jmp 2f
1:  .fill 8, 4, 0x907503eb
2:  movzbl (%rdx,%rcx), %esi
    addq %rsi, %rax
    incl %ecx
    cmpl $32, %ecx
    jb 2b
    ret
end_function subject_data_in_code
    .fill 16, 2, 0xfe75

function subject_data_behind_abort
    testq %rdi, %rdi
    je 1f
    subq $8, %rsp
    call abort@PLT
    .fill 8, 4, 0x907503eb
1:  leaq 1b(%rip), %rdx
    movzbl -1(%rdx), %eax
    ret
end_function subject_data_behind_abort

function subject_skipped_prefix
    testq %rdi, %rdi
    jne 1f
    .byte 0xf0          // lock
1:  incq (%rsi)
    movq (%rsi), %rax
    cmpq $2, %rax
    jb 2f
    addq $10, %rax
2:  ret
end_function subject_skipped_prefix

// The table of jumps as gcc writes it with -fcf-protection.
function subject_tracked_table
    endbr64
    cmpl $3, %edi
    ja 9f
    leaq 8f(%rip), %rdx
    movl %edi, %edi
    movslq (%rdx,%rdi,4), %rax
    addq %rdx, %rax
    notrack jmp *%rax
1:  movl $10, %eax
    ret
2:  movl $20, %eax
    ret
3:  movl $30, %eax
    ret
9:  movl $40, %eax
    ret
.pushsection .rodata
.p2align 2
8:  .long 1b - 8b, 2b - 8b, 3b - 8b, 9b - 8b
.popsection
end_function subject_tracked_table

// The same without optimisation, and with its neighbour's entries behind it.
function subject_slow_table
    pushq %rbp
    movq %rsp, %rbp
    movl %edi, -4(%rbp)
    cmpl $2, -4(%rbp)
    ja 9f
    movl -4(%rbp), %eax
    leaq 0(,%rax,4), %rdx
    leaq 8f(%rip), %rax
    movl (%rdx,%rax), %eax
    cltq
    leaq 8f(%rip), %rdx
    addq %rdx, %rax
    jmp *%rax
1:  movl $11, %eax
    jmp 7f
2:  movl $21, %eax
    jmp 7f
3:  movl $31, %eax
    jmp 7f
9:  movl $41, %eax
7:  popq %rbp
    ret
.pushsection .rodata
.p2align 2
8:  .long 1b - 8b, 2b - 8b, 3b - 8b
    .long 0x77777777
.popsection
end_function subject_slow_table

function subject_trap
    int3
    ret
end_function subject_trap

.section .note.GNU-stack, "", @progbits
